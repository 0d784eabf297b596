import { DirectiveLocation, getNamedType } from 'graphql'
import type { Check } from './finding.js'

/** Arguments of directives that operations may use, by which a guarded value can be passed: nobody asks there. */
export const directiveArguments: Check = {
  code: 'unguarded-directive-argument',
  level: 'warning',
  *find({ schema, table }) {
    const at = schema
      .getDirectives()
      .filter(({ locations }) => locations.some((location) => EXECUTABLE.has(location)))
      .flatMap(({ name, args }) =>
        args.filter(({ type }) => table.reachableFrom(getNamedType(type).name).length > 0).map((argument) => `@${name}(${argument.name}:)`),
      )
    if (at.length === 0) return
    yield {
      at,
      message: 'values that demand something elsewhere can be passed here by everybody',
      fix: 'check them where the directive is carried out, or take another type',
    }
  },
}

/** GraphQL §3.13: where documents may use a directive. */
const EXECUTABLE: ReadonlySet<string> = new Set([
  DirectiveLocation.QUERY,
  DirectiveLocation.MUTATION,
  DirectiveLocation.SUBSCRIPTION,
  DirectiveLocation.FIELD,
  DirectiveLocation.FRAGMENT_DEFINITION,
  DirectiveLocation.FRAGMENT_SPREAD,
  DirectiveLocation.INLINE_FRAGMENT,
  DirectiveLocation.VARIABLE_DEFINITION,
])

import { type Declaration, declaredResolver } from '../decorators/declaration.js'

/** Where a guarded field keeps what was declared on its resolvers: plugins that wrap them afterwards hide the functions, not the extensions. */
export const DECLARED = 'gatehouse.declared'

/** What field definitions and field configurations have in common here. */
export interface DeclaringField {
  readonly resolve?: unknown
  readonly subscribe?: unknown
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined
}

/** A subscription field is guarded where its stream is made; a decorator may stand on either function. */
export function declarationOf({ resolve, subscribe, extensions }: DeclaringField): Declaration {
  const kept = extensions?.[DECLARED] as Declaration | undefined
  const declarations = [declaredResolver(resolve)?.declaration, declaredResolver(subscribe)?.declaration, kept].filter((found) => found !== undefined)
  return {
    own: [...new Set(declarations.flatMap(({ own }) => own))],
    fromClass: [...new Set(declarations.flatMap(({ fromClass }) => fromClass))],
    isPublic: declarations.some(({ isPublic }) => isPublic),
  }
}

import type { GraphQLObjectType } from 'graphql'
import { declarationOf } from '../declared-field.js'
import { directivesOf, readStatement } from '../directives.js'
import type { Check, Setup } from './finding.js'

/** Under public access: root fields that nothing guards, and of which nobody has said that they are public. */
export const openRootFields: Check = {
  code: 'open-root-field',
  level: 'warning',
  *find(setup) {
    const { settings, schema } = setup
    if (settings.access !== 'public') return
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
    const at = roots.flatMap((type) => (type === null || type === undefined ? [] : openFields(type, setup)))
    if (at.length === 0) return
    yield {
      at,
      message: 'everybody may use these, and nobody has said so',
      fix: 'state a requirement, or @public (publicAccess() on the resolver) where that is meant',
    }
  },
}

/** A router asks a subgraph for entities whatever they demand: their own fields are guarded. */
const OF_FEDERATION: ReadonlySet<string> = new Set(['_service', '_entities'])

function openFields(type: GraphQLObjectType, { schema, table }: Setup): readonly string[] {
  const names = directivesOf(schema)
  if (readStatement(type.name, type, names).isPublic) return []
  return Object.values(type.getFields())
    .filter((field) => {
      if (OF_FEDERATION.has(field.name) || (table.ruleOf(type.name, field.name)?.requirements.length ?? 0) > 0) return false
      return !declarationOf(field).isPublic && !readStatement(`${type.name}.${field.name}`, field, names).isPublic
    })
    .map((field) => `${type.name}.${field.name}`)
}

import { __Type, type GraphQLField, type GraphQLResolveInfo, type GraphQLSchema, SchemaMetaFieldDef, TypeMetaFieldDef } from 'graphql'
import { derivedIntrospection, type ShownSchema } from './derived.js'

/**
 * Has `__schema` and `__type` on this schema answered from another one, chosen for each operation, however the operation is run:
 * execution looks for nothing but the schema of a field's info there, and that is what is replaced. Schemas that were neither
 * named here nor made from one that was answer as they always did.
 *
 * The fields are constants of graphql-js that belong to no schema, so this is the one place that every executor, server and compiler
 * comes by. The alternative, to run that part of the operation apart and merge the results, would have to be repeated in each of them.
 */
export function answerIntrospection(schema: GraphQLSchema, shown: ShownSchema): void {
  shownBy.set(schema, shown)
  if (isInstalled) return
  isInstalled = true
  for (const field of [SchemaMetaFieldDef, TypeMetaFieldDef]) {
    onOtherSchema(field, (_source, context, info) => {
      const shown = shownBy.get(info.schema) ?? derivedIntrospection(info.schema)?.shown
      const view = shown?.(context, info)
      if (view !== undefined && view !== info.schema) rememberTypes(view)
      return view
    })
  }
  // The one field below them that asks the schema, and not the type.
  const { possibleTypes } = __Type.getFields()
  if (possibleTypes !== undefined) onOtherSchema(possibleTypes, (type) => schemaOfType.get(type as object))
}

const shownBy = new WeakMap<GraphQLSchema, ShownSchema>()
const schemaOfType = new WeakMap<object, GraphQLSchema>()
const remembered = new WeakSet<GraphQLSchema>()
let isInstalled = false

type Choice = (source: unknown, context: unknown, info: GraphQLResolveInfo) => GraphQLSchema | undefined

function onOtherSchema(field: GraphQLField<unknown, unknown>, choose: Choice): void {
  const { resolve } = field
  if (resolve === undefined) throw new TypeError(`graphql-js has no resolver for ${field.name}`)
  field.resolve = (source, args, context, info) => {
    const schema = choose(source, context, info)
    return resolve(source, args, context, schema === undefined ? info : { ...info, schema })
  }
}

/** Views share none of their composite types, so that a type tells its view. */
function rememberTypes(view: GraphQLSchema): void {
  if (remembered.has(view)) return
  remembered.add(view)
  for (const type of Object.values(view.getTypeMap())) if ('getFields' in type || 'getTypes' in type) schemaOfType.set(type, view)
}

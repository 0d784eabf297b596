import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  specifiedScalarTypes,
} from 'graphql'
import type { Visibility } from './visibility.js'

/**
 * The names of the visible types that the roots lead to, by visible fields, arguments and directives: with each interface the
 * object types that it can be, and with each object type the interfaces that it implements. Iterative.
 *
 * @param directives those that are shown
 */
export function reachableTypes(schema: GraphQLSchema, visible: Visibility, directives: ReturnType<GraphQLSchema['getDirectives']>): ReadonlySet<string> {
  const reached = new Set<string>()
  const pending: GraphQLNamedType[] = []
  const reach = (type: GraphQLNamedType | null | undefined): void => {
    if (type === null || type === undefined || reached.has(type.name) || !visible.hasType(type.name)) return
    reached.add(type.name)
    pending.push(type)
  }
  for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType(), ...specifiedScalarTypes]) {
    if (root !== undefined && root !== null && schema.getType(root.name) === root) reach(root)
  }
  for (const { args } of directives) for (const { type } of args) reach(getNamedType(type))
  for (let type = pending.pop(); type !== undefined; type = pending.pop()) for (const next of typesNamedBy(schema, type, visible)) reach(next)
  return reached
}

function typesNamedBy(schema: GraphQLSchema, type: GraphQLNamedType, visible: Visibility): readonly GraphQLNamedType[] {
  if (isUnionType(type)) return type.getTypes()
  const members = isObjectType(type) || isInterfaceType(type) || isInputObjectType(type) ? Object.values(type.getFields()) : []
  const shown = members.filter(({ name }) => visible.hasMember(type.name, name))
  const named: GraphQLNamedType[] = shown.flatMap((member): readonly GraphQLNamedType[] => [
    getNamedType(member.type as GraphQLType),
    ...argumentsOf(member)
      .filter(({ name }) => visible.hasArgument(type.name, member.name, name))
      .map((arg) => getNamedType(arg.type)),
  ])
  if (isObjectType(type) || isInterfaceType(type)) named.push(...type.getInterfaces())
  if (isInterfaceType(type)) named.push(...schema.getImplementations(type).objects, ...schema.getImplementations(type).interfaces)
  return named
}

function argumentsOf(member: object): GraphQLField<unknown, unknown>['args'] {
  return (member as Partial<GraphQLField<unknown, unknown>>).args ?? []
}

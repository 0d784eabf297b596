import { type GraphQLEnumType, type GraphQLInputObjectType, type GraphQLSchema, getNamedType, isEnumType, isInputObjectType } from 'graphql'
import type { Requirement } from '../../core/rules/requirement.js'

/**
 * For each input type and enum, every requirement that a value of it can come by: of its own members, and of the types of its
 * fields. Types that lead to themselves are fine. Values of a type that is not in the answer need not be looked at.
 *
 * @param requirementsOf those of one input field or enum value
 */
export function requirementsByInputType(
  schema: GraphQLSchema,
  requirementsOf: (typeName: string, memberName: string) => readonly Requirement[],
): ReadonlyMap<string, readonly Requirement[]> {
  const found = new Map<string, Set<Requirement>>()
  const parents = new Map<string, Set<string>>()
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isEnumType(type) && !isInputObjectType(type)) continue
    found.set(type.name, new Set(membersOf(type).flatMap((name) => requirementsOf(type.name, name))))
    if (!isInputObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      const below = getNamedType(field.type).name
      const above = parents.get(below)
      if (above === undefined) parents.set(below, new Set([type.name]))
      else above.add(type.name)
    }
  }
  const pending = [...found.keys()]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const own = found.get(name)
    for (const parent of parents.get(name) ?? []) {
      const above = found.get(parent)
      if (own === undefined || above === undefined) continue
      const before = above.size
      for (const requirement of own) above.add(requirement)
      if (above.size > before) pending.push(parent)
    }
  }
  return new Map([...found].filter(([, { size }]) => size > 0).map(([name, requirements]) => [name, Object.freeze([...requirements])]))
}

function membersOf(type: GraphQLEnumType | GraphQLInputObjectType): readonly string[] {
  return isEnumType(type) ? type.getValues().map(({ name }) => name) : Object.keys(type.getFields())
}

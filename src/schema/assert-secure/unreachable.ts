import { isInterfaceType } from 'graphql'
import { directivesOf, readStatement } from '../directives.js'
import { reachableTypes } from '../introspection/reachable.js'
import type { Check } from './finding.js'

/** Requirements that no operation can come by: on types that no root field leads to, and on interfaces that nothing implements. */
export const unreachableRequirements: Check = {
  code: 'unreachable-requirement',
  level: 'warning',
  *find({ schema, table }) {
    const reached = reachableTypes(schema, { hasType: () => true, hasMember: () => true, hasArgument: () => true }, [])
    const unreached = table.rules.filter(({ coordinate, requirements }) => requirements.length > 0 && !reached.has(coordinate.split('.')[0] as string))
    const names = directivesOf(schema)
    const unimplemented = Object.values(schema.getTypeMap()).filter((type) => {
      if (!isInterfaceType(type) || schema.getPossibleTypes(type).length > 0) return false
      const stated = [
        readStatement(type.name, type, names),
        ...Object.values(type.getFields()).map((field) => readStatement(`${type.name}.${field.name}`, field, names)),
      ]
      return stated.some(({ requirements }) => requirements.length > 0)
    })
    const at = [...unreached.map(({ coordinate }) => coordinate), ...unimplemented.map(({ name }) => name)]
    if (at.length === 0) return
    yield {
      at,
      message: 'no operation can come by these, so what they demand guards nothing',
      fix: 'state the requirement on the type that operations reach, or take the dead types out',
    }
  },
}

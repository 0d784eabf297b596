import {
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql'
import { type Model, type Random, randomDemand, sdlOf } from '../random-model.js'

/** The SDL of a model, with arguments on its fields, and input types and enums for them; some of each demand something. */
export function sdlWithInputs(random: Random, model: Model): string {
  const demand = (): string => (random.chance(0.25) ? ` @requiresScopes(scopes: ${JSON.stringify(randomDemand(random))})` : '')
  const inputTypes = ['Int', '[String!]', 'E0', 'E1', '[E0!]', 'In0', 'In1', '[In1]']
  const defaults: Readonly<Record<string, readonly string[]>> = {
    Int: ['3'],
    E0: ['A', 'B'],
    E1: ['A'],
    '[E0!]': ['[A, C]', 'B'],
    In0: ['{ a: 1 }', '{ b: A, a: 2 }'],
  }
  const input = (name: string, type: string): string => {
    const [given] = random.some(defaults[type] ?? [], 0.4)
    return `${name}: ${type}${random.chance(0.25) ? '!' : ''}${given === undefined ? '' : ` = ${given}`}`
  }
  // Types that implement an interface take what it takes; what they demand for it is their own.
  const argumentsOf = new Map<string, readonly string[]>()
  const withArguments = (name: string): string => {
    let args = argumentsOf.get(name)
    if (args === undefined) {
      args = random.some(['x', 'y'], 0.3).map((arg) => input(arg, random.pick(inputTypes)))
      argumentsOf.set(name, args)
    }
    return args.length === 0 ? name : `${name}(${args.map((arg) => `${arg}${demand()}`).join(' ')})`
  }
  const typeDefs = sdlOf(model).replace(/\b((?:i\d|t\d|q)[slmn])(?=: )/g, (name) => withArguments(name))
  return `${typeDefs}
    enum E0 { A${demand()} B${demand()} C } enum E1${random.chance(0.1) ? demand() : ''} { A${demand()} D${demand()} }
    input In0 { a: Int ${input('b', 'E0').replace('!', '')}${demand()} c: In1${demand()} d: [E1!]${demand()} }
    input In1 { ${input('a', 'Int')}${demand()} ${input('e', 'E1')}${demand()} f: In0 }`
}

/** A document that is valid on a schema, with literal values for every argument that needs one and some that do not. */
export function randomDocumentOn(random: Random, schema: GraphQLSchema): string {
  let count = 0
  const value = (type: GraphQLInputType, depth: number): string => {
    if (isNonNullType(type)) return value(type.ofType, depth)
    if (isListType(type)) return `[${value(type.ofType, depth)}]`
    if (isEnumType(type)) return random.pick(type.getValues()).name
    if (!isInputObjectType(type)) return type.name === 'Int' ? '1' : '"x"'
    const given = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || (depth > 0 && random.chance(0.6)))
    return `{ ${given.map((field) => `${field.name}: ${value(field.type, depth - 1)}`).join(' ')} }`
  }
  const fields = (type: GraphQLNamedType, depth: number): string => {
    const own = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []
    const chosen = own.flatMap((field) => {
      const returned = getNamedType(field.type)
      const isComposite = isObjectType(returned) || isInterfaceType(returned) || isUnionType(returned)
      if (count > 30 || (isComposite && depth === 0) || random.chance(0.4)) return []
      count += 1
      const alias = `x${count}`
      const args = field.args.filter((arg) => (isNonNullType(arg.type) && arg.defaultValue === undefined) || random.chance(0.5))
      const passed = args.length === 0 ? '' : `(${args.map((arg) => `${arg.name}: ${value(arg.type, 2)}`).join(' ')})`
      return [`${alias}: ${field.name}${passed}${isComposite ? ` { ${fields(returned, depth - 1)} }` : ''}`]
    })
    const possible = isInterfaceType(type) || isUnionType(type) ? schema.getPossibleTypes(type) : []
    const spreads = depth > 0 ? random.some(possible, 0.5).map((one) => `... on ${one.name} { ${fields(one, depth - 1)} }`) : []
    return ['__typename', ...chosen, ...spreads].join(' ')
  }
  return `{ ${fields(schema.getQueryType() as GraphQLNamedType, 3)} }`
}

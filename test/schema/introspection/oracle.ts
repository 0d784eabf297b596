import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  printSchema,
  versionInfo,
} from 'graphql'

/** A part of a schema by its coordinate, and what has to be there for it to be there. */
interface Part {
  /** Each of these is needed. */
  readonly needs: readonly string[]
  /** At least one of these is needed, where there are any. */
  readonly needsOneOf: readonly string[]
}

const nameOf = (type: unknown): string => String(type).replace(/[[\]!]/g, '')

/**
 * The coordinates of a schema that should be shown, found in the slowest way: every part is written down with what it needs, and
 * parts are struck out, all at once, for as long as one needs what is gone.
 *
 * @param refuses whether the caller is refused a coordinate
 */
export function shouldBeShown(schema: GraphQLSchema, refuses: (coordinate: string) => boolean): ReadonlySet<string> {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))
  const parts = new Map<string, Part>(types.flatMap((type) => partsOf(schema, type)))
  let shown = new Set([...parts.keys()].filter((coordinate) => !refuses(coordinate)))
  for (;;) {
    const settled = strike(
      shown,
      ({ needs, needsOneOf }) => needs.every((need) => settledHas(need)) && (needsOneOf.length === 0 || needsOneOf.some((need) => settledHas(need))),
      parts,
    )
    function settledHas(coordinate: string): boolean {
      return shown.has(coordinate)
    }
    if (settled.size !== shown.size) {
      shown = settled
      continue
    }
    const common = new Set(
      [...shown].filter((coordinate) => implementationsOf(schema, coordinate).every(([type, member]) => !shown.has(type) || shown.has(member))),
    )
    if (common.size === shown.size) return reachable(schema, shown)
    shown = common
  }
}

function strike(shown: ReadonlySet<string>, stays: (part: Part) => boolean, parts: ReadonlyMap<string, Part>): Set<string> {
  return new Set([...shown].filter((coordinate) => stays(parts.get(coordinate) as Part)))
}

function partsOf(schema: GraphQLSchema, type: GraphQLNamedType): ReadonlyArray<readonly [string, Part]> {
  const none = { needs: [], needsOneOf: [] }
  if (isEnumType(type)) {
    const values = type.getValues().map(({ name }) => `${type.name}.${name}`)
    return [[type.name, { needs: [], needsOneOf: values }], ...values.map((value) => [value, { needs: [type.name], needsOneOf: [] }] as const)]
  }
  if (isUnionType(type)) return [[type.name, { needs: [], needsOneOf: type.getTypes().map(({ name }) => name) }]]
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields())
    const required = fields.filter(isRequired).map(({ name }) => `${type.name}.${name}`)
    return [
      [type.name, { needs: required, needsOneOf: fields.map(({ name }) => `${type.name}.${name}`) }],
      ...fields.map(
        (field) => [`${type.name}.${field.name}`, { needs: [type.name, nameOf(field.type), ...defaultsOf(schema, field)], needsOneOf: [] }] as const,
      ),
    ]
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [[type.name, none]]
  const fields = Object.values(type.getFields())
  const objects = isInterfaceType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : []
  // Two groups, of each of which one is needed: a field, and for an interface an object. The latter stands for itself under a name of its own.
  const anyObject: ReadonlyArray<readonly [string, Part]> = isInterfaceType(type)
    ? [[`any ${type.name}`, { needs: objects.length === 0 ? ['nothing'] : [], needsOneOf: objects }]]
    : []
  return [
    ...anyObject,
    [type.name, { needs: isInterfaceType(type) ? [`any ${type.name}`] : [], needsOneOf: fields.map(({ name }) => `${type.name}.${name}`) }],
    ...fields.flatMap((field) => {
      const at = (arg: GraphQLArgument): string => `${type.name}.${field.name}(${arg.name}:)`
      return [
        [`${type.name}.${field.name}`, { needs: [type.name, nameOf(field.type), ...field.args.filter(isRequired).map(at)], needsOneOf: [] }] as const,
        ...field.args.map((arg) => [at(arg), { needs: [nameOf(arg.type), ...defaultsOf(schema, arg)], needsOneOf: [] }] as const),
      ]
    }),
  ]
}

function isRequired(input: GraphQLArgument | GraphQLInputField): boolean {
  return String(input.type).endsWith('!') && defaultText(input) === ''
}

/** What stands behind the equals sign in the SDL. */
function defaultText({ astNode }: GraphQLArgument | GraphQLInputField): string {
  const { loc } = astNode?.defaultValue ?? {}
  return loc === undefined ? '' : loc.source.body.slice(loc.start, loc.end)
}

/** The defaults of the random schemas are an enum's values, or an input object's fields with a number or a value of `E0`. */
function defaultsOf(schema: GraphQLSchema, input: GraphQLArgument | GraphQLInputField): readonly string[] {
  const type = schema.getType(nameOf(input.type))
  if (isEnumType(type)) return (defaultText(input).match(/[A-Z]\w*/g) ?? []).map((name) => `${type.name}.${name}`)
  if (!isInputObjectType(type)) return []
  return [...defaultText(input).matchAll(/(\w+): (\w+)/g)].flatMap(([, name = '', value = '']) => {
    const field = type.getFields()[name] as GraphQLInputField
    // graphql 16 does not keep which of the two was written.
    if (defaultText(field) === value && versionInfo.major < 17) return []
    return [`${type.name}.${name}`, ...(value === value.toLowerCase() ? [] : [`E0.${value}`])]
  })
}

/** The same member on the types that implement an interface. */
function implementationsOf(schema: GraphQLSchema, coordinate: string): ReadonlyArray<readonly [type: string, member: string]> {
  const [typeName = '', ...member] = coordinate.split('.')
  const type = schema.getType(typeName)
  if (!isInterfaceType(type) || member.length === 0) return []
  const { objects, interfaces } = schema.getImplementations(type)
  return [...objects, ...interfaces].map(({ name }) => [name, `${name}.${member.join('.')}`])
}

function reachable(schema: GraphQLSchema, shown: ReadonlySet<string>): ReadonlySet<string> {
  const reached = new Set(['Query'])
  for (const name of reached) {
    const type = schema.getType(name)
    const next = (named: string): void => {
      if (shown.has(named)) reached.add(named)
    }
    if (isUnionType(type)) for (const member of type.getTypes()) next(member.name)
    if (isInterfaceType(type))
      for (const { objects, interfaces } of [schema.getImplementations(type)]) for (const one of [...objects, ...interfaces]) next(one.name)
    if (isObjectType(type) || isInterfaceType(type)) for (const parent of type.getInterfaces()) next(parent.name)
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      if (!shown.has(`${name}.${field.name}`)) continue
      next(nameOf(field.type))
      if ('args' in field) for (const arg of field.args) if (shown.has(`${name}.${field.name}(${arg.name}:)`)) next(nameOf(arg.type))
    }
  }
  if (!shown.has('Query')) return new Set()
  return new Set([...shown].filter((coordinate) => reached.has(coordinate.split('.')[0] as string) && isPartOf(coordinate, shown)))
}

/** An argument goes with its field. */
function isPartOf(coordinate: string, shown: ReadonlySet<string>): boolean {
  return shown.has(coordinate.replace(/\(.*$/, ''))
}

/** The coordinates of a schema, without built-in scalars and introspection. */
export function coordinatesOf(schema: GraphQLSchema): ReadonlySet<string> {
  const coordinates = new Set<string>()
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    coordinates.add(type.name)
    if (isEnumType(type)) for (const { name } of type.getValues()) coordinates.add(`${type.name}.${name}`)
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      coordinates.add(`${type.name}.${field.name}`)
      if ('args' in field) for (const { name } of field.args) coordinates.add(`${type.name}.${field.name}(${name}:)`)
    }
  }
  return coordinates
}

/** For stories. */
export const sdl = (schema: GraphQLSchema | null): string => (schema === null ? 'nothing' : printSchema(schema))

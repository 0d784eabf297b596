import {
  type GraphQLArgumentConfig,
  GraphQLDirective,
  GraphQLEnumType,
  type GraphQLFieldConfig,
  GraphQLInputObjectType,
  GraphQLInterfaceType,
  GraphQLList,
  type GraphQLNamedType,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  type GraphQLType,
  GraphQLUnionType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedDirective,
  isUnionType,
} from 'graphql'
import { namedInDefault } from './default-value.js'
import { reachableTypes } from './reachable.js'
import type { Visibility } from './visibility.js'

/**
 * Makes a schema of the visible part of another, for introspection, validation and coercion; `null` when nothing of the query type
 * is visible. Names, descriptions, deprecations and default values are kept. Resolvers, extensions and syntax trees are not: they
 * could tell of what is hidden.
 *
 * @param isShown whether a directive is shown
 */
export function viewOf(schema: GraphQLSchema, visible: Visibility, isShown: (directive: GraphQLDirective) => boolean): GraphQLSchema | null {
  const query = schema.getQueryType()
  if (query === undefined || query === null || !visible.hasType(query.name)) return null
  const directives = schema.getDirectives().filter((directive) => isShown(directive) && hasItsTypes(directive, visible))
  const builder = new ViewBuilder(schema, visible, reachableTypes(schema, visible, directives))
  return builder.build(directives)
}

/** A directive that asks for what is hidden, or names it in a default, is hidden itself. */
function hasItsTypes({ args }: GraphQLDirective, visible: Visibility): boolean {
  return args.every((arg) => visible.hasType(getNamedType(arg.type).name) && namedInDefault(arg).every((coordinate) => isVisible(coordinate, visible)))
}

/** @param coordinate of an enum value or input field */
function isVisible(coordinate: string, visible: Visibility): boolean {
  const [typeName = '', memberName = ''] = coordinate.split('.')
  return visible.hasMember(typeName, memberName)
}

class ViewBuilder {
  readonly #schema: GraphQLSchema
  readonly #visible: Visibility
  readonly #types = new Map<string, GraphQLNamedType>()

  constructor(schema: GraphQLSchema, visible: Visibility, reachable: ReadonlySet<string>) {
    this.#schema = schema
    this.#visible = visible
    for (const type of Object.values(schema.getTypeMap())) if (reachable.has(type.name)) this.#types.set(type.name, this.#copy(type))
  }

  build(directives: readonly GraphQLDirective[]): GraphQLSchema {
    const root = (type: GraphQLObjectType | null | undefined): GraphQLObjectType | null =>
      type === null || type === undefined ? null : ((this.#types.get(type.name) ?? null) as GraphQLObjectType | null)
    return new GraphQLSchema({
      description: this.#schema.description,
      query: root(this.#schema.getQueryType()),
      mutation: root(this.#schema.getMutationType()),
      subscription: root(this.#schema.getSubscriptionType()),
      types: [...this.#types.values()],
      directives: directives.map((directive) => this.#directive(directive)),
    })
  }

  #copy(type: GraphQLNamedType): GraphQLNamedType {
    const { name, description } = type
    if (isObjectType(type) || isInterfaceType(type)) {
      const config = {
        name,
        description,
        interfaces: () => this.#known(type.getInterfaces()),
        fields: () => this.#fields(name, type.toConfig().fields),
      }
      return isObjectType(type) ? new GraphQLObjectType(config) : new GraphQLInterfaceType(config)
    }
    if (isUnionType(type)) return new GraphQLUnionType({ name, description, types: () => this.#known(type.getTypes()) })
    if (isInputObjectType(type)) {
      const { fields, isOneOf = false } = type.toConfig()
      return new GraphQLInputObjectType({ name, description, isOneOf, fields: () => this.#inputs(fields, (field) => this.#visible.hasMember(name, field)) })
    }
    if (isEnumType(type)) {
      const values = Object.entries(type.toConfig().values).filter(([value]) => this.#visible.hasMember(name, value))
      return new GraphQLEnumType({ name, description, values: Object.fromEntries(values.map(([value, config]) => [value, bare(config)])) })
    }
    return type
  }

  #fields(typeName: string, fields: Readonly<Record<string, FieldConfig>>): Record<string, FieldConfig> {
    const shown = Object.entries(fields).filter(([name]) => this.#visible.hasMember(typeName, name))
    return Object.fromEntries(
      shown.map(([name, { description, deprecationReason, type, args = {} }]) => [
        name,
        {
          description,
          deprecationReason,
          type: this.#wrapped(type),
          args: this.#inputs(args, (arg) => this.#visible.hasArgument(typeName, name, arg)),
        },
      ]),
    )
  }

  #inputs<Config extends Pick<GraphQLArgumentConfig, 'type'>>(
    inputs: Readonly<Record<string, Config>>,
    isVisible: (name: string) => boolean,
  ): Record<string, Config> {
    const shown = Object.entries(inputs).filter(([name]) => isVisible(name))
    return Object.fromEntries(shown.map(([name, config]) => [name, { ...bare(config), type: this.#wrapped(config.type) }]))
  }

  #directive(directive: GraphQLDirective): GraphQLDirective {
    if (isSpecifiedDirective(directive)) return directive
    const config = directive.toConfig()
    return new GraphQLDirective({ ...bare(config), args: this.#inputs(config.args, () => true) })
  }

  #known<Type extends GraphQLNamedType>(types: readonly Type[]): Type[] {
    return types.flatMap(({ name }) => (this.#types.get(name) as Type | undefined) ?? [])
  }

  #wrapped<Type extends GraphQLType>(type: Type): Type {
    if (isListType(type)) return new GraphQLList(this.#wrapped(type.ofType)) as Type
    if (isNonNullType(type)) return new GraphQLNonNull(this.#wrapped(type.ofType)) as Type
    return this.#types.get((type as GraphQLNamedType).name) as Type
  }
}

type FieldConfig = GraphQLFieldConfig<unknown, unknown>

/** What is left of a configuration when what applied directives leave in it is gone. */
function bare<Config extends object>(config: Config): Config {
  return { ...config, astNode: undefined, extensionASTNodes: undefined, extensions: undefined }
}

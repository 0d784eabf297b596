import { type GraphQLField, getNamedType, isObjectType } from 'graphql'

/**
 * Whether a field of the query type is `_service`, which a subgraph hands its SDL out by. That is introspection by another way, so
 * it asks what introspection asks.
 *
 * @see [Subgraph specification, Query._service](https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec)
 */
export function isServiceField({ name, type }: GraphQLField<unknown, unknown>): boolean {
  const returned = getNamedType(type)
  return name === '_service' && isObjectType(returned) && returned.name === '_Service'
}

import type { SchemaExtension, TestContext } from '../../support/transport-schema.js'

/** Adds a field that tells the caller who he is, but for the claims and the application's user. */
export const tellsPrincipal: SchemaExtension = {
  typeDefs: 'extend type Query { principal: String }',
  resolvers: {
    Query: {
      principal(_: unknown, __: unknown, { auth }: TestContext): string {
        const { claims: _claims, user: _user, ...principal } = auth.principal ?? {}
        return JSON.stringify(principal)
      },
    },
  },
}

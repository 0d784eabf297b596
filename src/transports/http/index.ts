export { type ApolloAuthOptions, type ApolloAuthPlugin, apolloAuth } from './apollo.js'
export { type GraphqlHttpOptions, type GraphqlHttpWiring, graphqlHttp } from './graphql-http.js'
export { type ContextWithAuth, type HttpContext, type HttpRequest, httpContext } from './http-context.js'
export { type MercuriusAuth, type MercuriusAuthOptions, mercuriusAuth } from './mercurius.js'

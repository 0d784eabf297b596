import type { GraphiQLOptions } from 'graphql-yoga'
import { isLogin, type Logins } from './logins.js'

/**
 * GraphiQL's options for the login that the address names, as in `/graphql?login=reader`. The token goes along with each request, the
 * one for the schema included, which is private like everything else.
 */
export async function graphiqlFor(request: Request, logins: Logins): Promise<GraphiQLOptions> {
  const login = new URL(request.url).searchParams.get('login')
  if (!isLogin(login)) return { title: 'nobody' }
  const token = await logins.token(login)
  return { title: login, additionalHeaders: { authorization: `Bearer ${token}` } }
}

/** Renders GraphiQL with everything that it needs, since the demo is to run without a network. It is nine megabytes: loaded on first use. */
export async function renderGraphiql(options: GraphiQLOptions): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  return renderGraphiQL(options)
}

import { type Reply, send } from './http-client.js'
import type { RunningServer } from './http-serving.js'
import type { LimitCall, LimitReply, LimitServer } from './limit-house.js'

/** A client of GraphQL over HTTP, for the cases of limits. */
export function overHttp({ url, close }: RunningServer, headers: Readonly<Record<string, string>> = {}): LimitServer {
  const post = (body: object, token?: string): Promise<Reply> =>
    send(url, {
      body,
      headers: {
        accept: 'application/graphql-response+json',
        ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    })
  const bodyOf = ({ token, ...call }: LimitCall): object => call
  return {
    async send(call) {
      const { status, body } = await post(bodyOf(call), call.token)
      return replyOf(status, body)
    },
    async batch(calls) {
      const { status, text } = await post(calls.map(bodyOf))
      const body = JSON.parse(text)
      const replies = (Array.isArray(body) ? body : [body]).map((one) => replyOf(status, one))
      return { status, data: undefined, errors: [], replies }
    },
    close,
  }
}

function replyOf(status: number, { data, errors = [] }: object & { readonly data?: unknown; readonly errors?: LimitReply['errors'] }): LimitReply {
  return { status, data, errors }
}

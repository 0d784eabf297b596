import { type IncomingHttpHeaders, request } from 'node:http'

/** A GraphQL response of whatever kind, or several in a batch. */
export interface GraphqlBody {
  readonly data?: Record<string, unknown> | null
  readonly errors?: ReadonlyArray<{
    readonly message: string
    readonly path?: readonly unknown[]
    readonly extensions?: Record<string, never> & ErrorExtensions
  }>
}

interface ErrorExtensions {
  readonly code?: string
  readonly auth?: { readonly reason?: string; readonly coordinate?: string; readonly [member: string]: unknown }
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The values of a header as often as it was sent. */
  readonly distinct: NodeJS.Dict<string[]>
  readonly text: string
  readonly body: GraphqlBody
}

export interface Sent {
  /** @default POST */
  readonly method?: string
  /** Appended to the server's URL. */
  readonly search?: string
  /** An array sends the header as often as it has values. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Sent as JSON, unless it is a string. */
  readonly body?: unknown
  /** The content type of the body; `null` for none. @default application/json */
  readonly type?: string | null
}

/** Sends a request as it is told to, duplicate headers included, which fetch would join. */
export function send(
  url: string,
  { method = 'POST', search = '', headers = {}, body, type = body === undefined ? null : 'application/json' }: Sent,
): Promise<Reply> {
  const { promise, resolve, reject } = withResolvers<Reply>()
  const outgoing = request(
    url + search,
    { method, agent: false, headers: { ...(type === null ? {} : { 'content-type': type }), ...headers } as Record<string, string | string[]> },
    (incoming) => {
      let text = ''
      incoming.setEncoding('utf8')
      incoming.on('data', (chunk: string) => {
        text += chunk
      })
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, distinct: incoming.headersDistinct, text, body: parsed(text) as GraphqlBody }),
      )
    },
  )
  outgoing.on('error', reject)
  outgoing.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body))
  return promise
}

/** Sends one operation with a bearer token, or with none. */
export function ask(
  url: string,
  query: string,
  token?: string,
  rest: Sent & { readonly variables?: object; readonly operationName?: string } = {},
): Promise<Reply> {
  const { variables, operationName, ...sent } = rest
  const headers = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...sent.headers }
  return send(url, { body: { query, variables, operationName }, ...sent, headers })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

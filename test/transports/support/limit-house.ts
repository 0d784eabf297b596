import { makeExecutableSchema } from '@graphql-tools/schema'
import type { GraphQLSchema } from 'graphql'
import type { AuditLogger } from '../../../src/core/audit.js'
import { type Auth, createEngine } from '../../../src/core/auth.js'
import { InvalidTokenError } from '../../../src/core/errors.js'
import type { LimitSettings } from '../../../src/core/limits.js'
import { resolveSettings } from '../../../src/core/settings.js'
import { authTypeDefs } from '../../../src/schema/directives.js'

/** An answer in words that every transport has. */
export interface LimitReply {
  /** HTTP's; `null` on transports that have none. */
  readonly status: number | null
  readonly data: unknown
  readonly errors: ReadonlyArray<{
    readonly message: string
    readonly extensions?: { readonly code?: string; readonly limit?: object; readonly auth?: object }
  }>
}

/** One operation to be sent. */
export interface LimitCall {
  readonly query: string
  readonly operationName?: string
  readonly variables?: Readonly<Record<string, unknown>>
  /** @default none: an anonymous caller */
  readonly token?: string
}

/** A running server. */
export interface LimitServer {
  send(call: LimitCall): Promise<LimitReply>
  /** Sends all of them in one request; absent where the transport has no batches. Answers with one reply for the response as a whole. */
  batch?(calls: readonly LimitCall[]): Promise<LimitReply & { readonly replies: readonly LimitReply[] }>
  close(): Promise<void>
}

/** What servers are started on. */
export interface LimitHouse {
  readonly auth: Auth
  readonly schema: GraphQLSchema
  /** Coordinates whose resolver ran. */
  readonly ran: string[]
  /** Tokens that the backend was asked about. */
  readonly verified: string[]
  /** Lines of the audit log. */
  readonly log: Array<Readonly<Record<string, unknown>>>
}

/** A server under test. */
export interface LimitTransport {
  readonly name: string
  start(house: LimitHouse): Promise<LimitServer>
  /** What carries its operations, in the audit log. */
  readonly transport: string
  /** Whether the token is looked at before any document is, as at a handshake. @default false */
  readonly authenticatesFirst?: boolean
  /** Whether variables are held against their types before any hook is called. @default false */
  readonly coercesFirst?: boolean
  /** The operation that its clients send. @default 'query' */
  readonly root?: 'query' | 'subscription'
}

const SDL = /* GraphQL */ `
  type Query { hello: String @public, mine: String, node: Node @public, value(of: [Int], filter: Filter): Int @public }
  type Mutation { login(password: String!): Boolean @public }
  type Subscription { hello: String @public, mine: String, node: Node @public, value(of: [Int], filter: Filter): Int @public }
  type Node { id: ID, name: String, node: Node }
  input Filter { and: [Filter!] }
`

/** A schema that nothing guards against large documents but the limits, and ears for what runs. */
export function openHouse(limits?: LimitSettings): LimitHouse {
  const ran: string[] = []
  const verified: string[] = []
  const log: Array<Readonly<Record<string, unknown>>> = []
  const answer = (coordinate: string, value: unknown) => () => {
    ran.push(coordinate)
    return value
  }
  const fields = (type: string): object => ({
    hello: answer(`${type}.hello`, 'world'),
    mine: answer(`${type}.mine`, 'mine'),
    node: answer(`${type}.node`, {}),
    value: answer(`${type}.value`, 1),
  })
  const streams = Object.entries(fields('Subscription')).map(([name, resolve]) => {
    const subscribe = async function* (): AsyncGenerator<object> {
      ran.push(`subscribe ${name}`)
      yield {}
    }
    return [name, { subscribe, resolve }]
  })
  const schema = makeExecutableSchema({
    typeDefs: [authTypeDefs, SDL],
    resolvers: {
      Query: fields('Query'),
      Mutation: { login: answer('Mutation.login', false) },
      Subscription: Object.fromEntries(streams),
      Node: { id: answer('Node.id', '1'), name: answer('Node.name', 'n'), node: answer('Node.node', {}) },
    },
  })
  const line = (event: object): void => void log.push(event as Readonly<Record<string, unknown>>)
  const logger: AuditLogger = { debug: () => undefined, info: line, error: line }
  const backend = {
    name: 'table',
    async verify({ token }: { token: string }) {
      verified.push(token)
      if (token !== 'good') throw new InvalidTokenError()
      return { issuer: 'https://sso.example.com', subject: 'ada' }
    },
  }
  const settings = { audit: { logger }, cacheSize: 0, connections: { anonymous: true }, ...(limits === undefined ? {} : { limits }) }
  return { auth: createEngine(resolveSettings(settings, [backend])), schema, ran, verified, log }
}

/** Joins what is made for each number below `times`. */
export const repeat = (times: number, make: (index: number) => string): string => Array.from({ length: times }, (_, index) => make(index)).join(' ')

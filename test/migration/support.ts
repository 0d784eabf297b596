import { type ExecutionResult, execute, type GraphQLSchema, parse } from 'graphql'
import type { Auth } from '../../src/core/auth.js'
import type { AuthContext } from '../../src/core/auth-context.js'
import type { VerifiedToken } from '../../src/core/backend.js'
import type { PermissionQuestion } from '../../src/core/permissions/source.js'
import type { CommonSettings } from '../../src/core/settings.js'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { bearer, believes, carrier, engine, tokenFor } from '../core/support.js'

/** A caller by what his token says; `null` for nobody. */
export type Who = Partial<VerifiedToken> | null

/** What an operation gave, and whether it was refused before it ran. */
export interface Given {
  readonly data: unknown
  /** One reason for each error, or its message. */
  readonly errors: readonly string[]
  readonly ran: boolean
}

/** An auth whose permission source grants what is on a list, written `permission on object`, and keeps what it was asked. */
export function openAuth(granted: readonly string[] = [], settings: CommonSettings = {}): { readonly auth: Auth; readonly asked: string[] } {
  const asked: string[] = []
  const spelled = ({ permission, object }: PermissionQuestion): string => `${permission} on ${String(object)}`
  const { auth } = engine([believes], {
    permissions: {
      check: (_principal, questions) => {
        asked.push(...questions.map(spelled))
        return questions.map((question) => granted.includes(spelled(question)))
      },
    },
    ...settings,
  })
  return { auth, asked }
}

/** The context of one operation of this caller. */
export async function contextOf(auth: Auth, who: Who): Promise<{ readonly auth: AuthContext }> {
  return { auth: auth.createContext(await auth.authenticate(who === null ? carrier() : bearer(tokenFor(who)))) }
}

/** Runs an operation as a server does: held against the caller before, and guarded while it runs. */
export async function run(auth: Auth, schema: GraphQLSchema, query: string, who: Who): Promise<Given> {
  const args = { schema: protectSchema(schema, auth), document: parse(query), contextValue: await contextOf(auth, who) }
  const refused = authorizeOperation(args)
  if (refused.length > 0) return { ...shown({ errors: refused }), ran: false }
  return { ...shown((await execute(args)) as ExecutionResult), ran: true }
}

function shown({ data, errors = [] }: ExecutionResult): Omit<Given, 'ran'> {
  return {
    data: JSON.parse(JSON.stringify(data ?? null)) as unknown,
    errors: errors.map(({ extensions, message }) => (extensions.auth as { readonly reason: string } | undefined)?.reason ?? message),
  }
}

import { type AuditLogger, createAudit } from '../../src/core/audit.js'
import { type Auth, createEngine, type EngineParts } from '../../src/core/auth.js'
import type { TokenBackend, VerifiedToken } from '../../src/core/backend.js'
import type { Carrier, CredentialsRules } from '../../src/core/caller/credentials.js'
import { createPrincipal, type Principal } from '../../src/core/caller/principal.js'
import { InvalidTokenError } from '../../src/core/errors.js'
import { type Lease, openLease } from '../../src/core/lease.js'
import { type CommonSettings, resolveSettings } from '../../src/core/settings.js'

/** Where the tests' clock stands at first, in seconds since 1970. */
export const NOW = 1_800_000_000

/** A clock that moves when it is told to. */
export class Clock {
  /** Seconds since 1970. */
  seconds: number = NOW
  readonly now = (): number => this.seconds * 1000
}

/** What a transport shows of a caller, from plain headers. */
export function carrier(parts: Partial<Omit<Carrier, 'header'>> & { readonly headers?: Readonly<Record<string, string | readonly string[]>> } = {}): Carrier {
  const { headers = {}, ...rest } = parts
  return { transport: 'test', ...rest, header: (name) => [headers[name] ?? []].flat() }
}

/** A carrier with one bearer token in its header. */
export function bearer(token: string, parts: Partial<Omit<Carrier, 'header'>> = {}): Carrier {
  return carrier({ ...parts, headers: { authorization: `Bearer ${token}` } })
}

/** The rules that default settings lead to. */
export const RULES: CredentialsRules = { schemes: ['bearer'], maxTokenLength: 8192, cookie: null, session: null }

/** A verified token of a user, with whatever a test adds. */
export function verified(parts: Partial<VerifiedToken> = {}): VerifiedToken {
  return { issuer: 'https://issuer.test', subject: 'ada', ...parts }
}

/** A principal of a user, with whatever a test adds. */
export function principal(parts: Partial<VerifiedToken> = {}): Principal {
  return createPrincipal(verified(parts))
}

/** One line of the audit log. */
export interface Line {
  readonly level: 'debug' | 'info' | 'error'
  readonly event: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A logger that keeps what it is told. */
export function recorder(): { readonly logger: AuditLogger; readonly lines: Line[]; readonly text: () => string } {
  const lines: Line[] = []
  const keep = (level: Line['level']) => (event: object, message: string) => {
    lines.push({ level, event: event as Line['event'], message })
  }
  return { logger: { debug: keep('debug'), info: keep('info'), error: keep('error') }, lines, text: () => JSON.stringify(lines) }
}

/** A backend that knows some tokens by heart, and counts how often it is asked. */
export function knows(tokens: Readonly<Record<string, VerifiedToken | Error>>, parts: Partial<TokenBackend> = {}): TokenBackend & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    name: 'test',
    readsTokenAlone: true,
    asked,
    async verify({ token }) {
      asked.push(token)
      const answer = Object.hasOwn(tokens, token) ? tokens[token] : undefined
      if (answer === undefined) throw new InvalidTokenError()
      if (answer instanceof Error) throw answer
      return answer
    },
    ...parts,
  }
}

/** A backend that believes what {@link tokenFor} wrote, for tests with callers of every kind. */
export const believes: TokenBackend = {
  name: 'test',
  verify: async ({ token }) => verified(JSON.parse(Buffer.from(token, 'base64url').toString()) as Partial<VerifiedToken>),
}

/** A token that {@link believes} takes for a caller with these rights. */
export function tokenFor(parts: Partial<VerifiedToken>): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** An engine on these backends, with a clock and an audit log of its own. */
export function engine(
  backends: readonly TokenBackend[],
  settings: CommonSettings = {},
  parts: EngineParts = {},
): {
  readonly auth: Auth
  readonly clock: Clock
  readonly log: ReturnType<typeof recorder>
} {
  const clock = new Clock()
  const log = recorder()
  return { auth: createEngine(resolveSettings({ now: clock.now, audit: { logger: log.logger }, ...settings }, backends), parts), clock, log }
}

/** A lease on a clock of its own, whose timers fire only when the test says so. */
export function openTestLease(expiresAt: number | null = NOW + 60): {
  readonly lease: Lease
  readonly clock: Clock
  readonly log: ReturnType<typeof recorder>
} {
  const clock = new Clock()
  const log = recorder()
  const who = expiresAt === null ? null : principal({ expiresAt })
  return { lease: openLease({ principal: who, transport: 'test', audit: createAudit(log.logger), now: clock.now }), clock, log }
}

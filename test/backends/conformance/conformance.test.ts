import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { custom } from '../../../src/backends/custom.js'
import { session } from '../../../src/backends/session.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import type { Principal } from '../../../src/core/caller/principal.js'
import { bearer, judge, verdict } from '../bearer.js'
import { type Part, payloadOf, ROWS, signText, tokenOf } from './rows.js'
import { SUBJECTS, type Subject, type SubjectName } from './subjects.js'

/** What a backend cannot see, and why no row about it is run against it. */
const UNSEEN: Readonly<Partial<Record<SubjectName, Readonly<Partial<Record<Part, string>>>>>> = {
  introspection: { signature: 'the token is opaque to it: who issued it reads it, and answers with its claims' },
}

const NAMES = Object.keys(SUBJECTS) as SubjectName[]

describe.each(NAMES)('%s', (name) => {
  let subject: Subject
  let backend: TokenBackend
  const outbound: string[] = []
  const opened: TokenBackend[] = []

  const open = (changes: Parameters<Subject['backend']>[0] = {}): TokenBackend => {
    const made = subject.backend(changes)
    opened.push(made)
    return made
  }

  beforeAll(async () => {
    subject = await SUBJECTS[name]()
    backend = open({
      fetch: (url, init) => {
        outbound.push(url)
        return fetch(url, init)
      },
    })
    expect(await verdict(backend, await tokenOf(subject))).toBe('accepted')
  })
  afterAll(async () => {
    for (const each of opened) await each.close?.()
    await subject.close()
  })

  describe.each<Part>(['claims', 'signature'].filter((part): part is Part => UNSEEN[name]?.[part as Part] === undefined))('by its %s', (part) => {
    const rows = ROWS.filter((row) => row.part === part)
    it.each(rows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
      const [expected] = row.except?.[name] ?? [row.expected]
      const before = outbound.length
      expect(await verdict(backend, await row.token(subject))).toBe(expected)
      // Keys were loaded, and the pause after it is not over: whoever reads a token himself has nobody to ask.
      expect(outbound.length - before).toBe(name === 'introspection' ? 1 : 0)
    })
  })

  it('reads 10 000 scopes, and no name twice or split', async () => {
    const scopes = Array.from({ length: 10_000 }, (_, index) => `orders:${index}`)
    const principal = (await judge(backend, await tokenOf(subject, { scope: scopes.join(' ') }))) as Principal
    expect(principal.scopes).toEqual(scopes)
  })

  it('takes no rights from __proto__, and gives none to anybody', async () => {
    const { alg, kid } = subject.key()
    const header = JSON.stringify({ alg, kid, typ: subject.typ })
    const inherited = '"__proto__":{"roles":["admin"],"groups":["admin"],"permissions":["admin"],"isAdmin":true}'
    const payload = (await payloadOf(subject)).replace('{', `{${inherited},"constructor":{"prototype":{"isAdmin":true}},`)
    const principal = (await judge(backend, await signText(subject, header, payload))) as Principal
    expect(principal.subject).toEqual(expect.any(String))
    expect(JSON.stringify([principal.roles, principal.groups, principal.permissions, principal.scopes])).not.toContain('admin')
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
    expect((principal as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })

  it.each(['down', 'slow', 'huge', 'html', 'redirect', 'error', 'missing'] as const)(
    'a provider that is %s makes a good token unavailable, never invalid, until it is back',
    async (mode) => {
      const token = await tokenOf(subject)
      const before = subject.asked()
      subject.fail(mode)
      expect(await verdict(open({ timeoutDuration: 200 }), token)).toBe('BACKEND_UNAVAILABLE')
      expect(subject.asked() - before).toBe(mode === 'down' ? subject.attempts : 1)
      const unpaused = open({ timeoutDuration: 200, cooldownDuration: 0 })
      expect(await verdict(unpaused, token)).toBe('BACKEND_UNAVAILABLE')
      subject.recover()
      expect(await verdict(unpaused, token)).toBe('accepted')
    },
  )

  // Last of all, for every later token is signed with the new key.
  it('takes a token of a new key after one more request, and one of the old key still', async () => {
    const fresh = open({ cooldownDuration: 0 })
    const old = await tokenOf(subject)
    expect(await verdict(fresh, old)).toBe('accepted')
    const before = subject.asked()
    await subject.rotate()
    expect(await verdict(fresh, await tokenOf(subject))).toBe('accepted')
    expect(subject.asked() - before).toBe(1)
    expect(await verdict(fresh, old)).toBe('accepted')
  })
})

describe('backends for which a token has no form', () => {
  let subject: Subject
  beforeAll(async () => {
    subject = await SUBJECTS.jwt()
  })
  afterAll(() => subject.close())

  it('custom: the function gets every token as it was sent, and alone judges it', async () => {
    const seen: string[] = []
    const backend = custom(async (token) => {
      seen.push(token)
      return { active: false }
    })
    const tokens = await Promise.all(ROWS.map((row) => row.token(subject)))
    for (const token of tokens) {
      expect(backend.accepts?.(bearer(token))).toBe(true)
      expect(await verdict(backend, token)).toBe('INVALID_TOKEN')
    }
    expect(seen).toEqual(tokens)
  })

  it('session: a token is never taken for a login, whatever it says', async () => {
    const backend = session({ allowedOrigins: ['https://app.example.com'] })
    for (const row of ROWS) {
      const token = await row.token(subject)
      expect(backend.accepts?.(bearer(token))).toBe(false)
      expect(await verdict(backend, token)).toBe('INVALID_TOKEN')
    }
  })
})

describe('the table', () => {
  it('names each row once, and each exception differs from the rule', () => {
    expect(new Set(ROWS.map((row) => row.name)).size).toBe(ROWS.length)
    for (const { expected, except } of ROWS) {
      for (const [verdictThere, reason] of Object.values(except ?? {})) {
        expect(verdictThere).not.toBe(expected)
        expect(reason).not.toBe('')
      }
    }
  })
})

import { randomUUID } from 'node:crypto'
import { createTestIssuer, personas, type TestIssuer } from 'graphql-gatehouse/testing'

const people = personas({
  reader: { name: 'reader', scope: 'counter:read' },
  writer: { name: 'writer', scope: 'counter:read counter:write' },
})

/** Who can log in. */
export type Login = keyof typeof people

/** Seconds. */
const SHORT = 20
const NORMAL = 300

const CLIENT = 'counter-page'

/** The embedded identity provider, and the logins that it has ready. For development: it asks for no password. */
export class Logins {
  readonly #issuer: TestIssuer<Login>
  readonly #secret: string

  private constructor(issuer: TestIssuer<Login>, secret: string) {
    this.#issuer = issuer
    this.#secret = secret
  }

  /** Starts the identity provider on a free port of the loopback interface. */
  static async start(): Promise<Logins> {
    const secret = randomUUID()
    return new Logins(await createTestIssuer({ audience: 'counter', personas: people, clients: { [CLIENT]: secret }, expiresIn: NORMAL }), secret)
  }

  /** What a server has to know of it. */
  get issuer(): string {
    return this.#issuer.issuer
  }

  get audience(): string {
    return this.#issuer.audience
  }

  /** An access token for a login, from the token endpoint. No OAuth client may choose a lifetime, so that short ones are asked of the provider itself. */
  async token(login: Login, lifetime: 'normal' | 'short' = 'normal'): Promise<string> {
    if (lifetime === 'short') return this.#issuer.tokenFor(login, { expiresIn: SHORT })
    const form = new URLSearchParams({ grant_type: 'password', username: login, password: login, client_id: CLIENT, client_secret: this.#secret })
    const response = await fetch(this.#issuer.tokenEndpoint, { method: 'POST', body: form })
    if (!response.ok) throw new Error(`The token endpoint answered ${response.status}`)
    const { access_token: token } = (await response.json()) as { access_token: string }
    return token
  }

  close(): Promise<void> {
    return this.#issuer.close()
  }
}

/** Whether there is a login of this name. */
export function isLogin(name: unknown): name is Login {
  return typeof name === 'string' && Object.hasOwn(people, name)
}

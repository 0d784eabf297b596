import type { FirebaseUser } from '../../../src/backends/firebase.js'
import { fromEnvironment } from './environment.js'

/** The project whose users the emulator keeps. */
export const PROJECT: string = fromEnvironment('FIREBASE_TEST_PROJECT')

const API = `http://${fromEnvironment('FIREBASE_AUTH_EMULATOR_HOST')}/identitytoolkit.googleapis.com`

/** A user who has signed in. */
export interface SignedIn {
  readonly uid: string
  readonly idToken: string
}

let serial = 0

/** Signs a new user up, gives him custom claims, and signs him in: claims show in tokens from the next sign-in on. */
export async function signUp(claims: Readonly<Record<string, unknown>> = {}, tenant?: string): Promise<SignedIn> {
  serial += 1
  const tenantId = tenant === undefined ? {} : { tenantId: tenant }
  const login = { email: `user-${process.pid}-${Date.now()}-${serial}@example.com`, password: 'correct-horse', returnSecureToken: true, ...tenantId }
  const { localId } = await post('/v1/accounts:signUp', login)
  await change(localId as string, { customAttributes: JSON.stringify(claims) }, tenant)
  const { idToken } = await post('/v1/accounts:signInWithPassword', login)
  return { uid: localId as string, idToken: idToken as string }
}

/** Makes a tenant. */
export async function createTenant(displayName: string): Promise<string> {
  const { name } = await post(`/v2/projects/${PROJECT}/tenants`, { displayName, allowPasswordSignup: true })
  return String(name).split('/').at(-1) ?? ''
}

/** Changes a user, as an administrator. */
export async function change(uid: string, changes: Readonly<Record<string, unknown>>, tenant?: string): Promise<void> {
  await post(`${accounts(tenant)}:update`, { localId: uid, ...changes })
}

/** Deletes a user. */
export async function remove(uid: string): Promise<void> {
  await post(`${accounts()}:delete`, { localId: uid })
}

/** Makes a session cookie of an ID token. */
export async function sessionCookie(idToken: string): Promise<string> {
  return String((await post(`/v1/projects/${PROJECT}:createSessionCookie`, { idToken, validDuration: '3600' })).sessionCookie)
}

/** What firebase-admin's `getUser` does, by the same request. */
export async function getUser(uid: string, tenant?: string): Promise<FirebaseUser | null> {
  const { users = [] } = (await post(`${accounts(tenant)}:lookup`, { localId: [uid] })) as { readonly users?: readonly UserInfo[] }
  const [user] = users
  if (user === undefined) return null
  return {
    disabled: user.disabled === true,
    tokensValidAfterTime: user.validSince === undefined ? undefined : new Date(Number(user.validSince) * 1000).toUTCString(),
  }
}

interface UserInfo {
  readonly disabled?: boolean
  readonly validSince?: string
}

function accounts(tenant?: string): string {
  return `/v1/projects/${PROJECT}${tenant === undefined ? '' : `/tenants/${tenant}`}/accounts`
}

async function post(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${API}${path}?key=fake`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer owner' },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as Readonly<Record<string, unknown>>
  if (!response.ok) throw new Error(`${path} answered with ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

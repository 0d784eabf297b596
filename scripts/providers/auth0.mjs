import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackage } from './npm-package.mjs'
import { freePorts, NotAvailable, run, startServer, untilTrue } from './provider.mjs'

const VERSION = process.env.AUTH0_SIMULATOR_VERSION ?? '0.11.4'
const SERVER = fileURLToPath(new URL('./auth0-server.cjs', import.meta.url))

/** What the simulator knows. Its only user, and what it grants to whom. */
const TENANT = {
  audience: 'https://orders',
  clientID: 'shop-web-client-id',
  scope: 'openid profile email orders:read',
  users: [{ id: 'auth0|ada', name: 'Ada', email: 'ada@example.com', password: 'correct-horse' }],
}

/**
 * What Auth0 itself, and an Action, put into the access token of this user.
 *
 * It runs inside the simulator, as a rule: the simulator has no roles and no organizations of its own.
 */
const RULE = `function addClaims(user, context, callback) {
  context.accessToken.azp = context.clientID
  context.accessToken.permissions = ['vault.open']
  context.accessToken.org_id = 'org_acme'
  context.accessToken['https://shop.example.com/roles'] = ['clerk']
  callback(null, user, context)
}`

/**
 * The Auth0 simulator of Frontside, over https with a certificate made on the spot.
 *
 * @type {import('./provider.mjs').Provider}
 */
export const auth0 = {
  name: 'auth0',

  async available() {
    return (await run('openssl', ['version'])).code === 0 || 'openssl is not installed'
  },

  async start({ cache, log, signal }) {
    const home = await installPackage({ name: '@simulacrum/auth0-simulator', version: VERSION, cache, log })
    // The simulator looks for its certificate in the user's home, and for rules below the working directory.
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-auth0-'))
    const certificate = await makeCertificate(join(folder, '.simulacrum', 'certs'))
    await mkdir(join(folder, 'rules'))
    await writeFile(join(folder, 'rules', 'claims.js'), RULE)
    await writeFile(join(folder, 'rules', 'claims.json'), JSON.stringify({ enabled: true }))
    const [port] = await freePorts(1)
    log(`starting the simulator on https://localhost:${port}`)
    const server = startServer(process.execPath, [SERVER, home, String(port), JSON.stringify(TENANT)], {
      cwd: folder,
      env: { ...process.env, HOME: folder, USERPROFILE: folder },
    })
    const stop = async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    }
    try {
      await untilTrue(() => answers(port), { exited: server.exited, log, signal })
    } catch (error) {
      await stop()
      throw error
    }
    const [{ email, password }] = TENANT.users
    return {
      version: `@simulacrum/auth0-simulator ${VERSION}`,
      env: {
        AUTH0_BASE_URL: `https://localhost:${port}`,
        AUTH0_CERTIFICATE: certificate,
        AUTH0_AUDIENCE: TENANT.audience,
        AUTH0_CLIENT_ID: TENANT.clientID,
        AUTH0_USERNAME: email,
        AUTH0_PASSWORD: password,
      },
      stop,
    }
  },
}

async function makeCertificate(folder) {
  await mkdir(folder, { recursive: true })
  const [certificate, key] = [join(folder, 'localhost.pem'), join(folder, 'localhost-key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const { code, output } = await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    ...subject,
    '-keyout',
    key,
    '-out',
    certificate,
  ])
  if (code !== 0) throw new NotAvailable(`openssl could not make a certificate: ${output.trim()}`)
  return certificate
}

/** Nothing secret is asked for, so it does not matter here whose certificate it is. */
function answers(port) {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/.well-known/jwks.json', rejectUnauthorized: false, timeout: 10_000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
      .on('timeout', function () {
        this.destroy()
      })
      .on('error', () => resolve(false))
  })
}

import { randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts, NotAvailable, run, startServer, untilAnswering } from './provider.mjs'

const VERSION = process.env.KEYCLOAK_VERSION ?? '26.5.5'
const REALMS = fileURLToPath(new URL('../../test/providers/realms/', import.meta.url))

/**
 * Keycloak, from its Maven artifact, with the realms of test/providers/realms and a database in memory. Its public address is
 * `localhost` and its internal one `127.0.0.1`, so that the two differ as they do behind a proxy.
 *
 * @type {import('./provider.mjs').Provider}
 */
export const keycloak = {
  name: 'keycloak',

  async available() {
    const java = await javaVersion()
    if (java === null) return 'Java is not installed (17 or newer is needed)'
    if (java < 17) return `Java ${java} is too old (17 or newer is needed)`
    return true
  },

  async start({ cache, log, signal }) {
    const home = await install(cache, log)
    await rm(join(home, 'data', 'import'), { recursive: true, force: true })
    await mkdir(join(home, 'data', 'import'), { recursive: true })
    for (const file of await readdir(REALMS)) await cp(join(REALMS, file), join(home, 'data', 'import', file))

    const [port] = await freePorts(1)
    const [url, internalUrl] = [`http://localhost:${port}`, `http://127.0.0.1:${port}`]
    const password = randomBytes(16).toString('hex')
    log(`starting Keycloak ${VERSION} on ${internalUrl} (half a minute)`)
    const options = ['--http-host', '127.0.0.1', '--http-port', String(port), '--hostname', url, '--hostname-backchannel-dynamic', 'true']
    const server = startServer(join(home, 'bin', process.platform === 'win32' ? 'kc.bat' : 'kc.sh'), ['start-dev', '--import-realm', ...options], {
      env: {
        ...process.env,
        KC_DB: 'dev-mem',
        KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
        KC_BOOTSTRAP_ADMIN_PASSWORD: password,
        JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m',
      },
    })
    try {
      await untilAnswering(`${internalUrl}/realms/shop/.well-known/openid-configuration`, { exited: server.exited, log, signal })
    } catch (error) {
      await server.stop()
      throw error
    }
    return {
      version: `Keycloak ${VERSION} on Java ${await javaVersion()}`,
      env: { KEYCLOAK_URL: url, KEYCLOAK_INTERNAL_URL: internalUrl, KEYCLOAK_ADMIN_USERNAME: 'admin', KEYCLOAK_ADMIN_PASSWORD: password },
      stop: server.stop,
    }
  },
}

/** The major version of the Java that Keycloak will be started with, or `null`. */
async function javaVersion() {
  const { JAVA_HOME } = process.env
  const { code, output } = await run(JAVA_HOME ? join(JAVA_HOME, 'bin', 'java') : 'java', ['-version'])
  const major = /version "(\d+)/.exec(output)?.[1]
  return code === 0 && major !== undefined ? Number(major) : null
}

/** Fetches and unpacks Keycloak unless that was done before. Returns where it is. */
async function install(cache, log) {
  const home = join(cache, `keycloak-${VERSION}`)
  if (await exists(home)) return home
  const archive = join(cache, `keycloak-quarkus-dist-${VERSION}.tar.gz`)
  if (!(await exists(archive))) await download(cache, log)
  log('unpacking')
  const unpacking = join(cache, `unpacking-${process.pid}`)
  await mkdir(unpacking, { recursive: true })
  const { code, output } = await run('tar', ['-xzf', archive, '-C', unpacking])
  if (code !== 0) {
    await Promise.all([rm(unpacking, { recursive: true, force: true }), rm(archive, { force: true })])
    throw new NotAvailable(`the archive could not be unpacked: ${output.trim() || 'there is no tar'}`)
  }
  // Only what is complete gets its name, so that an interrupted run leaves nothing half done behind.
  await rename(join(unpacking, `keycloak-${VERSION}`), home)
  await rm(unpacking, { recursive: true, force: true })
  return home
}

async function download(cache, log) {
  log(`fetching Keycloak ${VERSION} with Maven (160 MB, once)`)
  const artifact = `org.keycloak:keycloak-quarkus-dist:${VERSION}:tar.gz`
  const { code, output } = await run('mvn', ['-q', '-B', '-Dstyle.color=never', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${cache}`], {
    cwd: cache,
    shell: process.platform === 'win32',
  })
  if (code === null) throw new NotAvailable(`Maven is not installed, and ${artifact} is not in ${cache}`)
  if (code !== 0) throw new NotAvailable(`Maven could not fetch ${artifact}: ${firstError(output)}`)
}

function firstError(output) {
  return /\[ERROR\] (.*\w.*)/.exec(output)?.[1] ?? output.trim()
}

function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  )
}

import { execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeUnlessMissing, end, freePort, LOOPBACK, untilReady } from './server-process.js'

/** A PostgreSQL server of the test's own. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  stop(): Promise<void>
}

const INSTALLATIONS = '/usr/lib/postgresql'

/** Like `describe` where PostgreSQL is installed. Elsewhere it says why it skips, but under CI a missing PostgreSQL is a failure. */
export function describeWithPostgres(name: string, body: () => void): void {
  describeUnlessMissing(findBinaries() === null ? `no PostgreSQL under ${INSTALLATIONS}` : null, name, body)
}

/** Starts a server with an empty database in a temporary folder, on a free port of the loopback interface. */
export async function startPostgres(): Promise<PostgresServer> {
  const binaries = findBinaries()
  if (binaries === null) throw new Error(`no PostgreSQL under ${INSTALLATIONS}`)
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-postgres-'))
  const account = postgresAccount()
  if (account.uid !== undefined && account.gid !== undefined) chownSync(folder, account.uid, account.gid)
  const run = { ...account, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' } }

  execFileSync(join(binaries, 'initdb'), ['-D', folder, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-sync'], { ...run, stdio: 'pipe' })
  const port = await freePort()
  const settings = [`port=${port}`, `listen_addresses=${LOOPBACK}`, `unix_socket_directories=${folder}`, 'fsync=off', 'max_connections=100']
  const server = spawn(join(binaries, 'postgres'), ['-D', folder, ...settings.flatMap((setting) => ['-c', setting])], {
    ...run,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await untilReady(server, server.stderr, 'database system is ready to accept connections')
  return {
    host: LOOPBACK,
    port,
    user: 'postgres',
    database: 'postgres',
    async stop() {
      // Fast shutdown: connections that a test has left open do not hold it up.
      await end(server, 'SIGINT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function findBinaries(): string | null {
  if (!existsSync(INSTALLATIONS)) return null
  const folders = readdirSync(INSTALLATIONS)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(INSTALLATIONS, version, 'bin'))
  return folders.find((folder) => existsSync(join(folder, 'initdb'))) ?? null
}

/** PostgreSQL refuses to run as root; its package brings an account for it. */
function postgresAccount(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

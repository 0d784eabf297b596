import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describeUnlessMissing, end, freePort, LOOPBACK, untilReady } from './server-process.js'

/** A Redis server of the test's own. */
export interface RedisServer {
  readonly host: string
  readonly port: number
  stop(): Promise<void>
}

/** Like `describe` where Redis is installed. Elsewhere it says why it skips, but under CI a missing Redis is a failure. */
export function describeWithRedis(name: string, body: () => void): void {
  describeUnlessMissing(findBinary() === null ? 'no redis-server on the PATH' : null, name, body)
}

/** Starts an empty server that writes nothing to disk, on a free port of the loopback interface. */
export async function startRedis(): Promise<RedisServer> {
  const binary = findBinary()
  if (binary === null) throw new Error('no redis-server on the PATH')
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-redis-'))
  const port = await freePort()
  const settings = ['--bind', LOOPBACK, '--port', String(port), '--dir', folder, '--save', '', '--appendonly', 'no', '--daemonize', 'no']
  const server = spawn(binary, settings, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  await untilReady(server, server.stdout, 'Ready to accept connections')
  return {
    host: LOOPBACK,
    port,
    async stop() {
      await end(server, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function findBinary(): string | null {
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'redis-server'))
  return places.find((place) => existsSync(place)) ?? null
}

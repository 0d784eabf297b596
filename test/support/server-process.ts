import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { describe, it } from '@jest/globals'

export const LOOPBACK = '127.0.0.1'

/** Milliseconds that a server may take to start. It takes one second where nothing else runs; this is for a machine that is busy. */
const START_UP = 120_000

/** For a `beforeAll` that starts a server: longer than the start may take, so that its failure is told by what the server said. */
export const START_UP_HOOK: number = START_UP + 30_000

/** Like `describe` when nothing is missing. Else it says why it skips, but under CI what is missing is a failure. */
export function describeUnlessMissing(missing: string | null, name: string, body: () => void): void {
  if (missing === null) return describe(name, body)
  const reason = `${missing}: install it to run "${name}"`
  if (process.env.CI) {
    return describe(name, () => {
      it('has its server on this machine', () => {
        throw new Error(reason)
      })
    })
  }
  console.warn(`Skipped: ${reason}`)
  describe.skip(name, body)
}

/** A port on loopback that nobody uses at the moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, LOOPBACK)
  await once(probe, 'listening')
  const address = probe.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  probe.close()
  await once(probe, 'close')
  return address.port
}

/**
 * Resolves when a server says that it is ready.
 *
 * @param log where the server says it
 * @throws {Error} with what it said instead, when it ended before or took too long; it is ended then.
 */
export async function untilReady(server: ChildProcess, log: Readable, ready: string): Promise<void> {
  const lines: string[] = []
  const deadline = setTimeout(() => server.kill('SIGKILL'), START_UP)
  server.once('error', (error) => lines.push(error.message))
  try {
    for await (const line of createInterface(log)) {
      lines.push(line)
      if (!line.includes(ready)) continue
      // What it says from now on is read and dropped: a full pipe would stop it.
      log.resume()
      return
    }
  } finally {
    clearTimeout(deadline)
  }
  throw new Error(`${server.spawnfile} did not start:\n${lines.join('\n')}`)
}

/** Ends a server that may have ended already, and resolves when it has. */
export async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exited = once(server, 'exit')
  server.kill(signal)
  await exited
}

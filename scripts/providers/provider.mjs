import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * What the tests under test/providers run against: a real server that is fetched when it is not there yet.
 *
 * @typedef {object} Provider
 * @property {string} name its tests are `test/providers/<name>*.test.ts`
 * @property {() => Promise<true | string>} available whether the tools that it needs are on this machine; if not, what is missing
 * @property {(context: Context) => Promise<Running>} start fetches the server if need be, starts it, and resolves when it answers;
 * throws {@link NotAvailable} when it cannot be had here
 *
 * @typedef {object} Context
 * @property {string} cache a directory of this provider's own, outside of the tree, that lives on
 * @property {(message: string) => void} log says what is going on
 * @property {AbortSignal} signal aborts when the run is interrupted; `start` then stops what it has begun, and throws
 *
 * @typedef {object} Running
 * @property {Readonly<Record<string, string>>} env tells the tests where it is
 * @property {string} version
 * @property {() => Promise<void>} stop ends everything that start began, and resolves when it has ended
 */

/** A provider cannot be had on this machine: its tests do not run, and on CI that is a failure. */
export class NotAvailable extends Error {}

/** Where downloads of a provider are kept: below GATEHOUSE_CACHE, or the user's cache directory. */
export async function cacheDirectory(name) {
  const root = process.env.GATEHOUSE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'graphql-gatehouse')
  const directory = join(root, name)
  await mkdir(directory, { recursive: true })
  return directory
}

/** Ports on loopback that nobody uses at the moment, each another one. */
export async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, listen))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

function listen() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

/** Milliseconds that a download may take: a minute over a good line, and never the whole of a CI run. */
const LONGEST_RUN = 480_000

/**
 * Runs a command to its end, which comes after eight minutes at the latest.
 *
 * @returns its exit code, -1 when it took too long or was killed, `null` when there is no such command, and what it wrote
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    let output = ''
    // Not the option `timeout`: its timer outlives a command that does not exist, and would keep this process.
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal: AbortSignal.timeout(LONGEST_RUN), ...options })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    }
    child.once('error', ({ name }) => resolve(name === 'AbortError' ? { code: -1, output: `${output}\nended, as it took too long` } : { code: null, output }))
    child.once('close', (code, signal) => resolve(signal === null ? { code, output } : { code: -1, output: `${output}\nended by ${signal}` }))
  })
}

/**
 * Starts a server in a process group of its own, so that stopping it stops whatever it started.
 *
 * @returns `exited`, which resolves with its last lines when it has ended, and `stop`
 */
export function startServer(command, args, options = {}) {
  const lines = []
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32', ...options })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      lines.push(...text.split('\n'))
      lines.splice(0, lines.length - 40)
    })
  }
  const exited = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', () => resolve(lines.join('\n')))
  })
  const signal = (name) => {
    try {
      if (process.platform === 'win32') child.kill(name)
      else process.kill(-child.pid, name)
    } catch {
      // It has ended already.
    }
  }
  return {
    exited,
    async stop() {
      signal('SIGTERM')
      const timer = setTimeout(() => signal('SIGKILL'), 10_000)
      await exited
      clearTimeout(timer)
    },
  }
}

/** Seconds that a server may take to start. Half a minute is usual; this is for a machine that is busy with something else. */
const START_UP = 300

/** Waits until a URL answers with success. Rejects when the server ends first, when the run is interrupted, or after five minutes. */
export function untilAnswering(url, context) {
  const answers = async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) })
    await answer.body?.cancel()
    return answer.ok
  }
  return untilTrue(answers, context)
}

/** Like {@link untilAnswering}, for a server that is asked in its own way. To reject means no. */
export async function untilTrue(ask, { exited, log, signal }) {
  let ended = null
  void exited.then((lines) => {
    ended = lines
  })
  const start = Date.now()
  for (let told = 0; ; ) {
    signal?.throwIfAborted()
    if (ended !== null) throw new Error(`the server ended before it answered:\n${ended}`)
    if (await ask().catch(() => false)) return
    const elapsed = Math.round((Date.now() - start) / 1000)
    if (elapsed >= START_UP) throw new Error(`the server did not answer within ${START_UP} s`)
    if (elapsed >= told + 10) {
      told = elapsed
      log(`still starting (${elapsed} s)`)
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

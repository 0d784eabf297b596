import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'

const MAIN = join(process.cwd(), 'examples/counter/dist/counter/main.js')

const children: ChildProcess[] = []

// A test that fails half-way leaves no demo behind. What has ended already takes no signal.
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

/** What a run of the demo said, and how it ended. */
export interface Ending {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A demo that listens. */
export interface RunningDemo {
  readonly url: string
  /** What it has printed. */
  readonly stdout: string
  /** Sends the signal, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ending>
}

/** Runs the demo to its end, for those runs that end by themselves. */
export function runDemo(env: NodeJS.ProcessEnv): Promise<Ending> {
  return launch(env).ended
}

/** Starts the demo on a free port, as `npm start` does once everything is built, and waits until it has said what to open. */
export async function startDemo(env: NodeJS.ProcessEnv = {}): Promise<RunningDemo> {
  const { child, ended, printed } = launch({ PORT: '0', ...env })
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', () => {
      if (printed().includes('Ctrl+C')) resolve()
    })
  })
  const early = await Promise.race([ready, ended])
  if (early !== undefined) throw new Error(`The demo ended with ${early.code}: ${early.stderr}`)
  return {
    url: /http:\/\/localhost:\d+/.exec(printed())?.[0] ?? '',
    stdout: printed(),
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

function launch(env: NodeJS.ProcessEnv) {
  if (!existsSync(MAIN)) throw new Error('The example is not built; `npm test -- test/browser` builds it')
  // Jest's own options are not the demo's.
  const child = spawn(process.execPath, [MAIN], { env: { ...process.env, NODE_OPTIONS: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code]: (number | null)[]): Ending => ({ code: code ?? null, stdout, stderr }))
  return { child, ended, printed: () => stdout }
}

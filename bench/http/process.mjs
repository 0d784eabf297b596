import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url))
const START_TIMEOUT = 20_000

/** Starts a server in a process of its own. What it writes goes to standard error, so that the table stays clean. */
export async function startServer({ file, server }, issued) {
  const child = fork(CHILD, [file, server], { env: { ...process.env, NODE_ENV: 'production' }, stdio: ['ignore', 2, 2, 'ipc'] })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  try {
    const { url } = await ask(child, issued)
    return { url, stop, cpuUsage: () => ask(child, 'usage') }
  } catch (error) {
    await stop()
    throw new Error(`${file}, ${server}: did not start`, { cause: error })
  }
}

/** The child's next message, as long as it lives and answers. */
async function ask(child, question) {
  const patience = AbortSignal.timeout(START_TIMEOUT)
  const done = new AbortController()
  const signal = AbortSignal.any([patience, done.signal])
  const died = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`ended with ${code}`)
  })
  const answer = once(child, 'message', { signal }).then(([message]) => message)
  child.send(question)
  try {
    return await Promise.race([answer, died])
  } finally {
    done.abort()
    await Promise.allSettled([answer, died])
  }
}

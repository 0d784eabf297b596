import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/**
 * Starts a script of the bench in a process of its own, as production runs it. What it writes goes to standard error, so that
 * the tables stay clean.
 *
 * @param script relative to the folder of the benches
 * @returns `ask(question, milliseconds)`, which resolves to the child's next message, and `stop()`
 */
export function startChild(script, args) {
  const file = fileURLToPath(new URL(`../${script}`, import.meta.url))
  const child = fork(file, args, { env: { ...process.env, NODE_ENV: 'production' }, stdio: ['ignore', 2, 2, 'ipc'] })
  return {
    ask: (question, patience) => ask(child, question, patience),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** The child's next message, as long as it lives and answers. */
async function ask(child, question, patience) {
  const done = new AbortController()
  const signal = AbortSignal.any([AbortSignal.timeout(patience), done.signal])
  const died = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`${child.spawnargs.slice(2).join(' ')}: ended with ${code}`)
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

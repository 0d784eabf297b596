/**
 * Runs a part of the server that answers in its own time, and rejects when it has not answered in ours. Code written by hand may
 * ignore the signal and hang for as long as it likes: its silence must not keep a caller waiting, and must not let him in.
 */
export async function withDeadline<T>(milliseconds: number, run: (signal: AbortSignal) => PromiseLike<T> | T): Promise<T> {
  const deadline = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      deadline.abort()
      reject(new Error('no answer in time'))
    }, milliseconds)
  })
  try {
    return await Promise.race([run(deadline.signal), silence])
  } finally {
    clearTimeout(timer)
  }
}

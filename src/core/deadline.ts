/** For those who listen to no signal: it never aborts. */
export const UNHEARD: AbortSignal = new AbortController().signal

/**
 * Runs parts of the server that answer in their own time, and rejects what has not answered in ours. Code written by hand may ignore
 * the signal and hang for as long as it likes: its silence must not keep a caller waiting, and must not let him in.
 *
 * Deadlines of one length come due in the order in which they began, so one timer serves them all: a timer for each call would
 * cost more than everything else that a verification adds to its signature.
 */
export class Deadline {
  /** Milliseconds that each run may take. */
  readonly milliseconds: number
  /** The oldest first. */
  readonly #waiting = new Set<Waiting>()
  #timer: NodeJS.Timeout | undefined

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds
  }

  /** What `run` answers; rejects, and aborts the signal, when the time is over before it has. */
  run<T>(run: (signal: AbortSignal) => PromiseLike<T> | T): Promise<T> {
    return new Promise((resolve, reject) => {
      // A signal costs more than the rest of this: whoever does not take one does not pay for it.
      const controller = run.length === 0 ? null : new AbortController()
      const answered = this.#add(() => {
        controller?.abort()
        reject(new Error('no answer in time'))
      })
      const fail = (error: unknown): void => {
        answered()
        reject(error)
      }
      try {
        Promise.resolve(run(controller?.signal ?? UNHEARD)).then((value) => {
          answered()
          resolve(value)
        }, fail)
      } catch (error) {
        fail(error)
      }
    })
  }

  #add(miss: () => void): () => void {
    const waiting = { due: performance.now() + this.milliseconds, miss }
    this.#waiting.add(waiting)
    if (this.#timer === undefined) this.#arm(this.milliseconds)
    return () => void this.#waiting.delete(waiting)
  }

  #arm(milliseconds: number): void {
    this.#timer = setTimeout(() => this.#expire(), Math.ceil(milliseconds))
    // It stands between two calls too, and must not keep the process then.
    this.#timer.unref()
  }

  #expire(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const waiting of this.#waiting) {
      if (waiting.due > now) return this.#arm(waiting.due - now)
      this.#waiting.delete(waiting)
      waiting.miss()
    }
  }
}

interface Waiting {
  /** As `performance.now()` counts. */
  readonly due: number
  readonly miss: () => void
}

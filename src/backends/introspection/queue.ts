import { providerUnavailable } from '../keys/json-document.js'

/** Runs work when its turn has come. */
export type Queue = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>

/**
 * Makes a queue that lets so much work run at once and so much more wait, in the order in which it came. A flood of tokens then costs
 * the provider no more than a steady stream, and the caller past the bound an answer at once.
 *
 * The queue throws {BackendUnavailableError} when it is full, and when `signal` aborts before the work's turn has come.
 *
 * @param atOnce how much may run
 * @param waiting how much more may wait
 */
export function createQueue(atOnce: number, waiting: number): Queue {
  const turns: (() => void)[] = []
  let running = 0

  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const come = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        turns.splice(turns.indexOf(come), 1)
        reject(providerUnavailable('too many requests to the provider are under way'))
      }
      turns.push(come)
      signal.addEventListener('abort', leave, { once: true })
    })

  return async (signal, work) => {
    if (signal.aborted || (running >= atOnce && turns.length >= waiting)) throw providerUnavailable('too many requests to the provider are under way')
    if (running >= atOnce) await turn(signal)
    else running += 1
    try {
      return await work()
    } finally {
      // The place goes to the next in line without ever being free, so that nobody who comes now slips in between.
      const next = turns.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}

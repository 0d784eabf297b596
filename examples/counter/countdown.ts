import { changes, type EventBus } from 'graphql-gatehouse/orm/sequelize'
import { Counter } from './counter.js'

/**
 * Counts down what was written: each committed change of a counter triggers the next step, a save of one less, which is itself a
 * committed change. Zero triggers nothing.
 *
 * There is one timer, and every change replaces it. A step is saved only over the value that it was planned for, so that a number
 * written at the same moment wins, and several nodes that listen take one step together, not one each.
 */
export class Countdown {
  readonly #stepAfter: number
  readonly #stopped = new AbortController()
  #timer: NodeJS.Timeout | undefined

  /** Listens from now on. @param stepAfter milliseconds between a change and the step that it triggers */
  constructor(bus: EventBus, stepAfter = 1000) {
    this.#stepAfter = stepAfter
    const events = changes(bus, Counter, { signal: this.#stopped.signal })
    report(this.#follow(events))
  }

  stop(): void {
    this.#stopped.abort()
    clearTimeout(this.#timer)
  }

  async #follow(events: AsyncIterable<{ readonly id: string | number }>): Promise<void> {
    for await (const { id } of events) {
      clearTimeout(this.#timer)
      const counter = await Counter.findByPk(id)
      if (counter === null || counter.value === 0 || this.#stopped.signal.aborted) continue
      this.#timer = setTimeout(() => report(step(counter)), this.#stepAfter)
    }
  }
}

async function step({ id, value }: Counter): Promise<void> {
  await Counter.update({ value: value - 1 }, { where: { id, value } })
}

/** Nobody waits for the countdown: what stops it must at least be seen. */
function report(work: Promise<void>): void {
  work.catch((error: unknown) => console.error('The countdown has stopped:', error))
}

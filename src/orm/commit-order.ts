/** A place in the order of commits, held from the moment that COMMIT is sent. Gives it up with what was committed; nothing, if it failed. */
export type Place<Item> = (committed: readonly Item[]) => void

/**
 * Makes the order in which committed items are handed over: that in which the COMMITs were sent, not that of the answers.
 *
 * The database lets the next writer of a row go on before the answer of the first one's COMMIT is read here, and under load that
 * answer may come last. But nobody can have built on a COMMIT that was not sent yet.
 *
 * A COMMIT that is not answered within `patience` milliseconds holds up the others no longer, and is handed over when it is answered.
 *
 * @param handOver must not throw
 */
export function orderCommits<Item>(handOver: (items: readonly Item[]) => void, patience: number): () => Place<Item> {
  const queue: { committed: readonly Item[] | null; overdue: boolean }[] = []

  const drain = (): void => {
    for (let [first] = queue; first !== undefined && (first.committed !== null || first.overdue); [first] = queue) {
      queue.shift()
      handOver(first.committed ?? [])
    }
  }

  return () => {
    const place: (typeof queue)[number] = { committed: null, overdue: false }
    queue.push(place)
    const timer = setTimeout(() => {
      place.overdue = true
      drain()
    }, patience)
    timer.unref()
    return (committed) => {
      clearTimeout(timer)
      if (place.overdue) return handOver(committed)
      place.committed = committed
      drain()
    }
  }
}

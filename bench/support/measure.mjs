/**
 * Measures adapters against each other in one run, as CPU time per operation (user and system, all threads of the process). The
 * adapters take turns, so that what the machine does meanwhile hits them alike; the median of the turns counts. A turn lasts about as
 * long for each, so that the fast ones are warm too.
 *
 * @param adapters name → function of the number of the operation, whose promise is awaited where it returns one
 * @param options.turn milliseconds that a turn lasts, about
 * @param options.turns turns of each adapter
 * @param options.control the adapter whose time is the harness's own, taken off the others
 * @returns name → microseconds of CPU for one operation
 */
export async function measure(adapters, { control, ...options }) {
  const medians = mediansOf(await takeTurns(adapters, options))
  const own = control === undefined ? 0 : medians.get(control)
  return new Map([...medians].filter(([name]) => name !== control).map(([name, value]) => [name, Math.max(value - own, 0.01)]))
}

async function takeTurns(adapters, { turn, turns }) {
  const samples = new Map(Object.keys(adapters).map((name) => [name, []]))
  const operations = new Map()
  for (const [name, run] of Object.entries(adapters)) operations.set(name, await calibrate(run, turn))
  for (let round = 0; round < turns; round += 1) {
    for (const [name, run] of Object.entries(adapters)) samples.get(name).push(await takeTurn(run, operations.get(name)))
  }
  return samples
}

/** Runs so many operations, and answers with the microseconds of CPU time that one took. What answers at once is not made to wait. */
export async function takeTurn(run, count) {
  const before = process.cpuUsage()
  await repeat(run, count)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

/** The median of each adapter's turns. */
export function mediansOf(samples) {
  return new Map([...samples].map(([name, values]) => [name, median(values)]))
}

/** How many operations an adapter does in the time that the other needs for one: the median over the rounds. */
export function shareOf(samples, name, base) {
  const reference = samples.get(base)
  return median(samples.get(name).map((value, round) => reference[round] / value))
}

/** The middle one of the values. */
export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

/** How many operations fill a turn, found by running them: which warms them up as well. */
export async function calibrate(run, turn) {
  let count = 100
  for (;;) {
    const start = performance.now()
    await repeat(run, count)
    const took = performance.now() - start
    if (took >= turn) return Math.ceil((count * turn) / took)
    count *= 2
  }
}

async function repeat(run, count) {
  for (let i = 0; i < count; i += 1) {
    const answer = run(i)
    if (typeof answer?.then === 'function') await answer
  }
}

/** Prints results as a Markdown table: microseconds, and the multiple of the base. */
export function printTable(title, results, base) {
  const reference = results.get(base)
  console.log(`\n### ${title}\n\n| | CPU µs | of ${base} |\n|---|--:|--:|`)
  for (const [name, value] of results) console.log(`| ${name} | ${microseconds(value)} | ${ratio(value / reference)} |`)
}

/** Two digits where they say something. */
export function microseconds(value) {
  return value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0)
}

function ratio(value) {
  return value < 0.2 ? `1/${Math.round(1 / value)}` : `${value.toFixed(2)} ×`
}

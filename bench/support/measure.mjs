/**
 * Measures adapters against each other in one run, as CPU time per operation (user and system, all threads of the process). The
 * adapters take turns, so that what the machine does meanwhile hits them alike; the median of the turns counts. A turn lasts about as
 * long for each, so that the fast ones are warm too.
 *
 * @param adapters name → async function of the number of the operation
 * @param options.turn milliseconds that a turn lasts, about
 * @param options.turns turns of each adapter
 * @param options.control the adapter whose time is the harness's own, taken off the others
 * @returns name → microseconds of CPU for one operation
 */
export async function measure(adapters, { turn, turns, control }) {
  const samples = new Map(Object.keys(adapters).map((name) => [name, []]))
  const operations = new Map()
  for (const [name, run] of Object.entries(adapters)) operations.set(name, await calibrate(run, turn))
  for (let round = 0; round < turns; round += 1) {
    for (const [name, run] of Object.entries(adapters)) {
      globalThis.gc?.()
      const count = operations.get(name)
      const before = process.cpuUsage()
      for (let i = 0; i < count; i += 1) await run(i)
      const { user, system } = process.cpuUsage(before)
      samples.get(name).push((user + system) / count)
    }
  }
  const medians = new Map([...samples].map(([name, values]) => [name, median(values)]))
  const own = control === undefined ? 0 : medians.get(control)
  return new Map([...medians].filter(([name]) => name !== control).map(([name, value]) => [name, Math.max(value - own, 0.01)]))
}

/** How many operations fill a turn, found by running them: which warms them up as well. */
async function calibrate(run, turn) {
  let count = 100
  for (;;) {
    const start = performance.now()
    for (let i = 0; i < count; i += 1) await run(i)
    const took = performance.now() - start
    if (took >= turn) return Math.ceil((count * turn) / took)
    count *= 2
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

/** Prints results as a Markdown table: microseconds, and the multiple of the base. */
export function printTable(title, results, base) {
  const reference = results.get(base)
  console.log(`\n### ${title}\n\n| | CPU µs | of ${base} |\n|---|--:|--:|`)
  for (const [name, value] of results) console.log(`| ${name} | ${value.toFixed(value < 10 ? 2 : 1)} | ${ratio(value / reference)} |`)
}

function ratio(value) {
  return value < 0.2 ? `1/${Math.round(1 / value)}` : `${value.toFixed(2)} ×`
}

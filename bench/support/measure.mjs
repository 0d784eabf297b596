/**
 * Measures adapters against each other in one run, as CPU time per operation (user and system, all threads of the process). The
 * adapters take turns, so that what the machine does meanwhile hits them alike; the median of the turns counts.
 *
 * @param adapters name → async function of the number of the operation
 * @param options.operations operations in a turn
 * @param options.turns turns of each adapter
 * @param options.control the adapter whose time is the harness's own, taken off the others
 * @returns name → microseconds of CPU for one operation
 */
export async function measure(adapters, { operations, turns, control }) {
  const samples = new Map(Object.keys(adapters).map((name) => [name, []]))
  for (const run of Object.values(adapters)) for (let i = 0; i < Math.min(operations, 2_000); i += 1) await run(i)
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [name, run] of Object.entries(adapters)) {
      globalThis.gc?.()
      const before = process.cpuUsage()
      for (let i = 0; i < operations; i += 1) await run(i)
      const { user, system } = process.cpuUsage(before)
      samples.get(name).push((user + system) / operations)
    }
  }
  const medians = new Map([...samples].map(([name, values]) => [name, median(values)]))
  const own = control === undefined ? 0 : medians.get(control)
  return new Map([...medians].filter(([name]) => name !== control).map(([name, value]) => [name, Math.max(value - own, 0.01)]))
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

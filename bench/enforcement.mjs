// What enforcing requirements costs for each operation, beside what a user would pick instead. Run `npm run build` in the folder above first.

import { checkProtection } from './enforcement/checks.mjs'
import * as gatehouse from './enforcement/gatehouse.mjs'
import * as peers from './enforcement/peers.mjs'
import { mediansOf, microseconds, shareOf, takeTurns } from './support/measure.mjs'
import { conditions, markdownTable, percent, progress, readOptions } from './support/report.mjs'

const options = readOptions({ turn: 200, turns: 15 })
const adapters = [
  gatehouse.staticScopes,
  gatehouse.concreteTypes,
  gatehouse.objects,
  peers.genericAuth,
  peers.graphqlShield,
  peers.pothos,
  peers.graphqlAuthz,
  peers.typeGraphql,
].filter(({ name }) => name.includes(options.only))
if (adapters.length === 0) throw new RangeError('--only: no adapter is called that')

for (const adapter of adapters) await checkProtection(adapter)
progress(options, `${adapters.length} adapters protect what they claim to.`)

const results = []
for (const operation of ['me', 'list', 'wide']) {
  progress(options, `Measuring ${operation} …`)
  results.push(await measureOperation(operation))
}

console.log(`${conditions(options)} CPU µs for one operation, and throughput as % of the adapter's own server without auth.\n`)
console.log(
  markdownTable(
    ['', ...['me', 'list', 'wide'].flatMap((operation) => [`${operation} µs`, '% of own'])],
    results[0].map(({ name }, row) => [name, ...results.flatMap((rows) => [rows[row].cost, rows[row].share])]),
  ),
)
await gatehouse.close()

/** One row for each adapter, behind the bases: two equal ones first, whose difference is what the figures of this run are off by. */
async function measureOperation(operation) {
  const runs = {}
  for (const { name, asked, base, guarded } of adapters) {
    const source = asked.documents[operation]
    runs[baseOf(name)] = () => base.run(source, base.contextOf('allowed'))
    runs[name] = () => guarded.run(source, guarded.contextOf('allowed'))
  }
  const [first] = adapters
  runs.control = runs[baseOf(first.name)]
  const samples = await takeTurns(runs, options)
  const medians = mediansOf(samples)
  const row = (name, shown, base) => ({ name: shown, cost: microseconds(medians.get(name)), share: percent(shareOf(samples, name, base)) })
  return [
    row(baseOf(first.name), 'no auth: Envelop with its caches', baseOf(first.name)),
    row('control', 'the same once more', baseOf(first.name)),
    ...adapters.map(({ name }) => row(name, name, baseOf(name))),
  ]
}

function baseOf(name) {
  return `${name}, without`
}

// What enforcing requirements costs for each operation, beside what a user would pick instead. Run `npm run build` in the folder above first.

import { startChild } from './support/child.mjs'
import { median, microseconds } from './support/measure.mjs'
import { conditions, markdownTable, percent, progress, readOptions } from './support/report.mjs'

const OPERATIONS = ['me', 'list', 'wide']
const PATIENCE = 120_000

const ADAPTERS = [
  { name: 'no auth on both sides', file: 'control', adapter: 'nothing' },
  { name: 'gatehouse: static scopes', file: 'gatehouse', adapter: 'staticScopes' },
  { name: 'gatehouse: static scopes, both under graphql-jit', file: 'gatehouse', adapter: 'compiled' },
  { name: 'gatehouse: static scopes, the same without Envelop', file: 'gatehouse', adapter: 'compiledBare', servers: ['envelop'] },
  { name: 'gatehouse: guards by concrete type', file: 'gatehouse', adapter: 'concreteTypes' },
  { name: 'gatehouse: permissions on objects', file: 'gatehouse', adapter: 'objects' },
  { name: '@envelop/generic-auth, protect-granular', file: 'generic-auth', adapter: 'granular' },
  { name: 'graphql-shield', file: 'shield', adapter: 'rules' },
  { name: '@pothos/plugin-scope-auth', file: 'pothos', adapter: 'scopeAuth' },
  { name: '@graphql-authz', file: 'authz', adapter: 'rules' },
  { name: 'type-graphql 2 rc, @Authorized', file: 'type-graphql', adapter: 'authorized' },
]

const options = readOptions({ turn: 200, turns: 15, servers: ['envelop', 'yoga'] })
const wanted = ADAPTERS.filter(
  ({ name, file, servers = [options.server] }) => servers.includes(options.server) && (file === 'control' || name.includes(options.only)),
)
process.env.BENCH_SERVER = options.server
const running = []
try {
  for (const entry of wanted) {
    const child = { ...entry, ...startChild('enforcement/child.mjs', [entry.file, entry.adapter]), turns: new Map(OPERATIONS.map((name) => [name, []])) }
    running.push(child)
    await child.ask({}, PATIENCE)
  }
  progress(options, `${running.length} adapters protect what they claim to.`)
  for (let round = 0; round < options.turns; round += 1) {
    progress(options, `Round ${round + 1} of ${options.turns} …`)
    for (const operation of OPERATIONS) {
      for (const { ask, turns } of running) turns.get(operation).push(await ask({ operation, turn: options.turn }, PATIENCE))
    }
  }
} finally {
  await Promise.all(running.map(({ stop }) => stop()))
}

console.log(`${conditions(options)} CPU µs for one operation, and throughput as % of the adapter's own server without auth.\n`)
console.log(
  markdownTable(
    ['', ...OPERATIONS.flatMap((operation) => [`${operation}: own µs without`, 'with', '%'])],
    running.map(({ name, turns }) => [name, ...OPERATIONS.flatMap((operation) => cellsOf(turns.get(operation)))]),
  ),
)

/** Medians of both sides, and the median of what they were to each other in the same round. */
function cellsOf(turns) {
  const of = (value) => median(turns.map(value))
  return [microseconds(of(({ base }) => base)), microseconds(of(({ guarded }) => guarded)), percent(of(({ base, guarded }) => base / guarded))]
}

// What enforcing requirements costs for each operation, beside what a user would pick instead. Run `npm run build` in the folder above first.

import { startChild } from './support/child.mjs'
import { median, microseconds } from './support/measure.mjs'
import { conditions, markdownTable, percent, progress, readOptions } from './support/report.mjs'

const OPERATIONS = ['me', 'list', 'wide']
const PATIENCE = 120_000
/** How often every server is started. */
const SETS = 3

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
const turns = new Map(wanted.map(({ name }) => [name, new Map(OPERATIONS.map((operation) => [operation, []]))]))
for (const adapter of wanted) await checkProtects(adapter)
progress(options, `${wanted.length} adapters protect what they claim to.`)
for (let set = 0; set < SETS; set += 1) await measureSet(Math.ceil(options.turns / SETS), `Set ${set + 1} of ${SETS}`)

console.log(`${conditions(options)} CPU µs for one operation, and throughput as % of the adapter's own server without auth.\n`)
console.log(
  markdownTable(
    ['', ...OPERATIONS.flatMap((operation) => [`${operation}: own µs without`, 'with', '%'])],
    wanted.map(({ name }) => [name, ...OPERATIONS.flatMap((operation) => cellsOf(turns.get(name).get(operation)))]),
  ),
)

/** Nothing is measured that does not protect. */
async function checkProtects({ file, adapter }) {
  const { ask, stop } = startChild('enforcement/child.mjs', [file, adapter, 'check'])
  try {
    await ask({}, PATIENCE)
  } finally {
    await stop()
  }
}

/** Starts every server anew: how well an engine has compiled a program is a matter of luck, which lasts as long as its process. */
async function measureSet(rounds, title) {
  const running = []
  try {
    for (const { name, file, adapter } of wanted) {
      const [base, guarded] = ['base', 'guarded'].map((side) => startChild('enforcement/child.mjs', [file, adapter, side]))
      running.push({ name, base, guarded })
      // What is still loading takes time from what is measured.
      for (const { ask } of [base, guarded]) await ask({}, PATIENCE)
    }
    for (let round = 0; round < rounds; round += 1) {
      progress(options, `${title}, round ${round + 1} of ${rounds} …`)
      for (const operation of OPERATIONS) {
        for (const { name, ...sides } of running)
          turns
            .get(name)
            .get(operation)
            .push(await takeBoth(sides, { operation, turn: options.turn }, round))
      }
    }
  } finally {
    await Promise.all(running.flatMap(({ base, guarded }) => [base.stop(), guarded.stop()]))
  }
}

/** One turn of each side right after the other, each time in the other order. */
async function takeBoth(sides, question, round) {
  const costs = {}
  for (const side of round % 2 === 0 ? ['base', 'guarded'] : ['guarded', 'base']) costs[side] = await sides[side].ask(question, PATIENCE)
  return costs
}

/** Medians of both sides, and the median of what they were to each other in the same round. */
function cellsOf(turns) {
  const of = (value) => median(turns.map(value))
  return [microseconds(of(({ base }) => base)), microseconds(of(({ guarded }) => guarded)), percent(of(({ base, guarded }) => base / guarded))]
}

// One adapter in a process of its own, as a server runs one: `node child.mjs <file> <adapter>`. Checks first that it protects. Then it answers
// each question with one turn of its base and one of its own, in CPU µs for an operation, each time in the other order. Ends with its parent.

import { calibrate, takeTurn } from '../support/measure.mjs'
import { checkProtection } from './checks.mjs'

const [file, name] = process.argv.slice(2)
const { [name]: adapter } = await import(`./${file}.mjs`)
const counts = new Map()
let turns = 0

process.once('disconnect', () => process.exit())
process.on('message', async ({ operation, turn }) => {
  if (operation === undefined) await checkProtection(`${file}, ${name}`, adapter)
  process.send(operation === undefined ? 'protects' : await compare(operation, turn))
})

async function compare(operation, turn) {
  const source = adapter.asked.documents[operation]
  const sides = { base: adapter.base, guarded: adapter.guarded }
  const costs = {}
  turns += 1
  for (const side of turns % 2 === 0 ? ['base', 'guarded'] : ['guarded', 'base']) {
    const { run, contextOf } = sides[side]
    const one = () => run(source, contextOf('allowed'))
    const key = `${operation} ${side}`
    if (!counts.has(key)) counts.set(key, await calibrate(one, turn))
    costs[side] = await takeTurn(one, counts.get(key))
  }
  return costs
}

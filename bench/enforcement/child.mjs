// One side of one adapter in a process of its own, as a server runs it: `node child.mjs <file> <adapter> base|guarded`. A guarded one checks
// first that it protects. Then it answers each question with the CPU µs for an operation in one turn. Ends with its parent.

import { calibrate, takeTurn } from '../support/measure.mjs'
import { checkProtection } from './checks.mjs'

const [file, name, side] = process.argv.slice(2)
const { [name]: adapter } = await import(`./${file}.mjs`)
const { run, contextOf } = adapter[side]
const counts = new Map()

process.once('disconnect', () => process.exit())
process.on('message', async ({ operation, turn }) => {
  if (operation !== undefined) return process.send(await measure(operation, turn))
  if (side === 'guarded') await checkProtection(`${file}, ${name}`, adapter)
  process.send('ready')
})

async function measure(operation, turn) {
  const source = adapter.asked.documents[operation]
  const one = () => run(source, contextOf('allowed'))
  if (!counts.has(operation)) counts.set(operation, await calibrate(one, turn))
  return await takeTurn(one, counts.get(operation))
}

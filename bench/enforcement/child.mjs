// One side of one adapter in a process of its own, as a server runs it: `node child.mjs <file> <adapter> base|guarded`. Answers each question
// with the CPU µs for an operation in one turn. With `check` in place of a side it only tries whether the adapter protects, and answers
// once: refusals before the first turn change how V8 lays out what comes later. Ends with its parent.

import { calibrate, takeTurn } from '../support/measure.mjs'
import { checkProtection } from './checks.mjs'

const [file, name, side] = process.argv.slice(2)
const { [name]: adapter } = await import(`./${file}.mjs`)
const counts = new Map()

process.once('disconnect', () => process.exit())
process.on('message', async ({ operation, turn }) => {
  if (operation !== undefined) return process.send(await measure(operation, turn))
  if (side === 'check') await checkProtection(`${file}, ${name}`, adapter)
  process.send('ready')
})

async function measure(operation, turn) {
  const { run, contextOf } = adapter[side]
  const source = adapter.asked.documents[operation]
  const one = () => run(source, contextOf('allowed'))
  if (!counts.has(operation)) counts.set(operation, await calibrate(one, turn))
  return await takeTurn(one, counts.get(operation))
}

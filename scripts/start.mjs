// npm start: sets a fresh clone up, builds the package and the counter example, and runs it until Ctrl+C.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, buildExample, repository, setUp } from './set-up.mjs'

const steps = [
  ['Checking what is installed', setUp],
  ['Building the package', build],
  ['Building the example', buildExample],
]
for (const [index, [title, step]] of steps.entries()) {
  console.log(`[${index + 1}/${steps.length + 1}] ${title} …`)
  await step()
}
console.log(`[${steps.length + 1}/${steps.length + 1}] Starting the counter …`)
await import(pathToFileURL(join(repository, 'examples/counter/dist/counter/main.js')).href)

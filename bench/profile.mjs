// Runs one side of one adapter for a profiler: `node --cpu-prof profile.mjs gatehouse staticScopes list [base]`. Set NODE_ENV=production.

import { calibrate, microseconds, takeTurn } from './support/measure.mjs'

const MILLISECONDS = 3000

const [file, name, operation, side = 'guarded'] = process.argv.slice(2)
const { [name]: adapter } = await import(`./enforcement/${file}.mjs`)
const { run, contextOf } = adapter[side]
const source = adapter.asked.documents[operation]
const one = () => run(source, contextOf('allowed'))
const cost = await takeTurn(one, await calibrate(one, MILLISECONDS))
console.log(`${file}, ${name}, ${operation}, ${side}: ${microseconds(cost)} µs of CPU for one operation`)

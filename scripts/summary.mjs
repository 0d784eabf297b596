// Sums jest's JSON results up in one line, `N passed, N failed`. Its argument is the exit code of what ran.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './set-up.mjs'

const results = ['test-results.json', 'package-results.json', 'provider-results.json']
  .map((name) => join(repository, '.cache', name))
  .filter((file) => existsSync(file))
const runs = results.map((file) => JSON.parse(readFileSync(file, 'utf8')))
const sum = (count) => runs.reduce((total, run) => total + count(run), 0)

// A suite that did not even load counts as one failure, and so does a step that failed where no test did.
const failed = sum((run) => run.numFailedTests + run.numRuntimeErrorTestSuites)
const stepFailed = Number(process.argv[2]) !== 0
console.log(`${sum((run) => run.numPassedTests)} passed, ${failed === 0 && stepFailed ? 1 : failed} failed`)

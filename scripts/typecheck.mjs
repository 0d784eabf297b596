// npm run typecheck: the source, the tests and the examples, each under the compiler options that it is written for.
import { exitCode, tool } from './set-up.mjs'

const projects = ['tsconfig.json', 'tsconfig.check.json', 'test/types/tsconfig.legacy.json', 'test/types/tsconfig.standard.json']

let failed = false
for (const project of projects) {
  console.log(`tsc -p ${project}`)
  if ((await exitCode(process.execPath, [tool('typescript', 'tsc'), '-p', project, '--noEmit'])) !== 0) failed = true
}
process.exit(failed ? 1 : 0)

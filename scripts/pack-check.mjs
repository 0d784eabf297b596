// npm run pack:check: what would be published, judged by publint, by arethetypeswrong, and by installing it.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { build, exitCode, repository, runNode, setUp, tool } from './set-up.mjs'

await setUp()
await build()
await runNode([tool('publint'), '--strict'])
await runNode([tool('@arethetypeswrong/cli', 'attw'), '--pack', '--profile', 'esm-only'])

mkdirSync(join(repository, '.cache'), { recursive: true })
const results = ['--json', '--outputFile=.cache/package-results.json']
const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' }
process.exit(await exitCode(process.execPath, [tool('jest'), ...results, '--selectProjects', 'package'], { env }))

// npm run build: compiles src to dist, from nothing.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { repository, runNode, tool } from './set-up.mjs'

rmSync(join(repository, 'dist'), { recursive: true, force: true })
await runNode([tool('typescript', 'tsc'), '-p', 'tsconfig.json'])

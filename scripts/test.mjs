// npm test: sets a fresh clone up, then runs jest. Arguments go to jest: `npm test -- test/core`, `npm test -- -t 'expired'`.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findChromium } from './chromium.mjs'
import { build, buildExample, exitCode, repository, setUp, tool } from './set-up.mjs'

const PROJECTS = ['unit', 'decorators-standard', 'graphql-17', 'browser']
const args = process.argv.slice(2)

await setUp()
if (args.length === 0 || !existsSync(join(repository, 'dist')) || args.some((arg) => /browser|examples|package/.test(arg))) {
  await build()
  await buildExample()
}
process.exit(await exitCode(process.execPath, [tool('jest'), ...(args.length === 0 ? whole() : part())], { env: environment() }))

/** The whole suite, with coverage, and its results as JSON beside jest's own summary. */
function whole() {
  mkdirSync(join(repository, '.cache'), { recursive: true })
  return ['--coverage', '--json', '--outputFile=.cache/test-results.json', '--selectProjects', ...PROJECTS]
}

/** A part of it. Coverage of a part says nothing, so no threshold holds. The packed tarball is tested where it is named. */
function part() {
  const projectsAreNamed = args.some((arg) => /^--(selectProjects|ignoreProjects)/.test(arg))
  const named = args.some((arg) => arg.includes('test/package')) ? ['package'] : []
  return ['--coverageThreshold={}', ...args, ...(projectsAreNamed ? [] : ['--selectProjects', ...PROJECTS, ...named])]
}

/** Native ES modules for jest, and the browser for those tests that drive one; they say so themselves when there is none. */
function environment() {
  const options = [process.env.NODE_OPTIONS, '--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
  return { ...process.env, NODE_OPTIONS: options.filter(Boolean).join(' '), CHROMIUM_PATH: findChromium() ?? '' }
}

/**
 * Runs the tests under test/providers against real servers: fetches them when they are not there yet, starts them, and stops them.
 *
 *   npm run test:providers                              every provider
 *   npm run test:providers -- keycloak                  this one
 *   npm run test:providers -- keycloak -t introspection what follows goes to jest
 *   npm run test:providers -- --serve keycloak          starts it and waits, for trying things out
 *
 * Downloads are kept in GATEHOUSE_CACHE, else in the user's cache directory. What a machine cannot run is said and left out; with CI
 * set, that is a failure. A server that does not start is one anywhere. The tests of the others run all the same.
 */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { providers } from './providers/index.mjs'
import { cacheDirectory, NotAvailable } from './providers/provider.mjs'
import { repository, setUp, tool } from './set-up.mjs'

const { selected, serve, jestArguments } = parse(process.argv.slice(2))
const running = []
const skipped = []
const failed = []
const interruption = new AbortController()
let jest = null

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interruption.abort()
    jest?.kill(signal)
  })
}

process.exitCode = await main().finally(stopAll)

async function main() {
  await setUp()
  for (const provider of selected) {
    if (!interruption.signal.aborted) await start(provider)
  }
  if (interruption.signal.aborted) return 130
  const names = running.map(({ name }) => name)
  const env = Object.assign({}, ...running.map((each) => each.env))
  if (names.length > 0 && serve) return wait(env)
  const code = names.length > 0 ? await runJest(names, env) : 0
  return complain() ? 1 : code
}

/** Says last, below all that jest has said, whose tests did not run. Answers whether that is a failure. */
function complain() {
  if (failed.length > 0) console.error(`These did not start: ${failed.join(', ')}`)
  if (skipped.length > 0 && process.env.CI) console.error(`CI is set, and these were left out: ${skipped.join(', ')}`)
  else if (skipped.length > 0) console.warn(`Left out: ${skipped.join(', ')}`)
  return failed.length > 0 || (skipped.length > 0 && Boolean(process.env.CI))
}

async function start({ name, available, start }) {
  const log = (message) => console.log(`[${name}] ${message}`)
  const missing = await available()
  if (missing !== true) return skip(name, missing)
  const began = Date.now()
  try {
    const { version, env, stop } = await start({ cache: await cacheDirectory(name), log, signal: interruption.signal })
    running.push({ name, env, stop })
    log(`${version} is up after ${Math.round((Date.now() - began) / 1000)} s`)
  } catch (error) {
    if (interruption.signal.aborted) return
    if (error instanceof NotAvailable) return skip(name, error.message)
    failed.push(name)
    console.error(`[${name}] did not start: ${error.stack}`)
  }
}

function skip(name, reason) {
  skipped.push(name)
  console.warn(`[${name}] left out: ${reason}`)
}

/** Providers by name come first; everything from the first other argument on is jest's. */
function parse(args) {
  const serve = args[0] === '--serve'
  const rest = serve ? args.slice(1) : args
  const known = new Set(providers.map(({ name }) => name))
  const first = rest.findIndex((arg) => !known.has(arg))
  const names = first === -1 ? rest : rest.slice(0, first)
  const jestArguments = first === -1 ? [] : rest.slice(first)
  return { serve, jestArguments, selected: names.length === 0 ? providers : providers.filter(({ name }) => names.includes(name)) }
}

function runJest(names, env) {
  const pattern = `[/\\\\]providers[/\\\\](${names.join('|')})[^/\\\\]*\\.test\\.ts$`
  const args = [
    '--experimental-vm-modules',
    '--no-warnings',
    tool('jest'),
    '--selectProjects',
    'providers',
    '--runInBand',
    '--testPathPatterns',
    pattern,
    ...(jestArguments.length === 0 ? results() : jestArguments),
  ]
  return new Promise((resolve) => {
    jest = spawn(process.execPath, args, { cwd: repository, stdio: 'inherit', env: { ...process.env, ...env } })
    jest.once('close', (code) => resolve(code ?? 1))
  })
}

/** Of a run of all tests: its results as JSON, beside jest's own summary. */
function results() {
  mkdirSync(join(repository, '.cache'), { recursive: true })
  return ['--json', '--outputFile=.cache/provider-results.json']
}

/** Until interrupted. */
function wait(env) {
  for (const [name, value] of Object.entries(env)) console.log(`${name}=${value}`)
  console.log('Ctrl-C stops everything.')
  const alive = setInterval(() => undefined, 60_000)
  return new Promise((resolve) => {
    interruption.signal.addEventListener('abort', () => {
      clearInterval(alive)
      resolve(0)
    })
  })
}

async function stopAll() {
  for (const { name, stop } of running.reverse()) {
    console.log(`[${name}] stopping`)
    // One that cannot be stopped must not keep the others running.
    await stop().catch((error) => console.error(`[${name}] ${error.message}`))
  }
}

// What the other scripts share. Imports nothing outside Node's core: it runs before anything is installed.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = dirname(dirname(fileURLToPath(import.meta.url)))

const OLDEST_NODE = [20, 19]

/** Makes a fresh clone ready: checks Node's version, and runs `npm ci` unless what is installed is what the lock file says. */
export async function setUp() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    console.error(`This needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.version}.`)
    process.exit(1)
  }
  if (isInstalled()) return
  console.log('Installing what package-lock.json names (npm ci) …')
  await npm('ci', '--ignore-scripts', '--loglevel=error')
}

/** Compiles src to dist, from nothing. */
export async function build() {
  await runNode([join(repository, 'scripts/build.mjs')])
}

/** Compiles the counter example, which imports the package by its name and so needs `dist`. */
export async function buildExample() {
  await runNode([tool('typescript', 'tsc'), '-p', 'examples/counter'])
}

/** The file that a package's command runs, so that no shell and no PATH is needed. */
export function tool(name, command = name) {
  const folder = join(repository, 'node_modules', name)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return join(folder, typeof bin === 'string' ? bin : bin[command])
}

/** Runs npm, by the file that npm itself names when it runs a script. */
export async function npm(...args) {
  const file = process.env.npm_execpath
  if (file !== undefined && /\.c?js$/.test(file)) return runNode([file, ...args])
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { shell: process.platform === 'win32' })
}

/** Runs Node with these arguments, and ends this process with the same code when it fails. */
export async function runNode(args, options) {
  await run(process.execPath, args, options)
}

async function run(command, args, options = {}) {
  const code = await exitCode(command, args, options)
  if (code !== 0) process.exit(code)
}

/** Runs a command in the repository, its output shown as it comes, and answers its exit code. */
export function exitCode(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: repository, stdio: 'inherit', ...options })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/**
 * Compares npm's note of what it installed with the lock file. Times tell nothing here: a checkout touches the lock file also where
 * it changes nothing. Packages for other platforms are optional, and missing by right.
 */
function isInstalled() {
  const note = join(repository, 'node_modules/.package-lock.json')
  if (!existsSync(note)) return false
  const installed = packagesOf(note)
  const wanted = packagesOf(join(repository, 'package-lock.json'))
  const isRight = (path) => (installed[path] ? installed[path].version === wanted[path].version : wanted[path].optional === true)
  return Object.keys(wanted).every((path) => path === '' || isRight(path))
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const exec = promisify(execFile)
const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** What package.json says that this test asks about. */
export interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
  readonly bin?: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** The tarball that would be published, and the files in it. */
export interface Tarball {
  readonly path: string
  readonly files: readonly string[]
}

/** A folder of somebody who installed the package. */
export interface Consumer {
  readonly folder: string
  /** Runs this ES module, and answers what it prints, or the code and message of the error that it ends with. */
  run(source: string): Promise<string>
  /** Compiles this module under TypeScript's strict rules, declaration files included, and answers the compiler's complaints. */
  compile(source: string): Promise<string>
  remove(): Promise<void>
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as Manifest
}

/** Packs what is built. Scripts do not run: the build is the caller's. */
export async function pack(folder: string): Promise<Tarball> {
  const { stdout } = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], repository)
  const [packed] = JSON.parse(stdout) as { readonly filename: string; readonly files: readonly { readonly path: string }[] }[]
  if (packed === undefined) throw new Error('npm pack made no tarball')
  return { path: join(folder, packed.filename), files: packed.files.map((file) => file.path) }
}

/** Installs the tarball and these packages, and nothing else, in a folder of its own. What npm has cached is not fetched again. */
export async function consumer(tarball: Tarball, packages: readonly string[]): Promise<Consumer> {
  const above = foldersAbove(tmpdir()).find((parent) => existsSync(join(parent, 'node_modules')))
  if (above !== undefined) throw new Error(`Node would find packages in ${above}: remove its node_modules, or set TMPDIR to another folder`)
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-consumer-'))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  await npm(['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', tarball.path, ...packages], folder)
  return {
    folder,
    run: (source) => run(folder, source),
    compile: (source) => compile(folder, source),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** The folder itself, and each one that Node also searches for packages. */
function foldersAbove(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)]
}

async function npm(args: readonly string[], cwd: string): Promise<{ readonly stdout: string }> {
  const windows = process.platform === 'win32'
  return exec(windows ? 'npm.cmd' : 'npm', args, { cwd, shell: windows, maxBuffer: 1 << 26 })
}

async function run(folder: string, source: string): Promise<string> {
  const guarded = `try { ${source} } catch (error) { console.log(error.code ?? error.name, error.message.split('\\n')[0]) }`
  const { NODE_OPTIONS: _, ...env } = process.env
  const { stdout } = await exec(process.execPath, ['--input-type=module', '--eval', guarded], { cwd: folder, env })
  return stdout.trim()
}

async function compile(folder: string, source: string): Promise<string> {
  await writeFile(join(folder, 'consumer.ts'), source)
  const tsc = join(repository, 'node_modules/typescript/bin/tsc')
  const options = ['--strict', '--noEmit', '--ignoreConfig', '--module', 'nodenext', '--target', 'es2022', '--types', 'node', '--skipLibCheck', 'false']
  return exec(process.execPath, [tsc, ...options, 'consumer.ts'], { cwd: folder }).then(
    ({ stdout }) => stdout,
    (failed: { stdout: string }) => failed.stdout,
  )
}

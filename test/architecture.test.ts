import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const folders = ['core', 'backends', 'decorators', 'schema', 'transports', 'events', 'orm', 'client', 'migration', 'testing', 'cli']

/** Which other folders of src a folder may import: the arrows of the house. */
const arrows: Record<string, readonly string[]> = {
  core: [],
  backends: ['core'],
  decorators: ['core'],
  events: ['core'],
  schema: ['core', 'decorators'],
  transports: ['core', 'schema', 'events'],
  orm: ['core', 'decorators', 'events'],
  client: [],
  migration: ['core', 'decorators', 'schema'],
  testing: folders.filter((folder) => folder !== 'cli'),
  cli: folders.filter((folder) => folder !== 'testing'),
}
const transports = ['http', 'graphql-ws', 'sse', 'socket-io']
const homes: Record<string, readonly string[]> = {
  jose: ['backends', 'testing'],
  sequelize: ['orm'],
  'sequelize-typescript': ['orm'],
  'socket.io': ['transports/socket-io'],
}

/** One import statement written in one file, and whether the lint must refuse it. */
interface Snippet {
  readonly folder: string
  readonly statement: string
  readonly refused: boolean
}

const snippets: readonly Snippet[] = [...folderArrows(), ...siblingTransports(), ...compositionRoot(), ...foreignPackages(), ...narrowPlaces()]

describe('the lint keeps the arrows', () => {
  let diagnosed: ReadonlyMap<string, readonly string[]>
  let scratch: string

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'gatehouse-arrows-'))
    diagnosed = await lint(scratch, snippets)
  })
  afterAll(() => rm(scratch, { recursive: true, force: true }))

  it.each(snippets.filter(({ refused }) => refused))('refuses in src/$folder: $statement', (snippet) => {
    expect(diagnosed.get(fileOf(snippet))).toEqual([expect.any(String)])
  })

  it.each(snippets.filter(({ refused }) => !refused))('allows in src/$folder: $statement', (snippet) => {
    expect(diagnosed.get(fileOf(snippet)) ?? []).toEqual([])
  })
})

describe('the source', () => {
  it('has no import cycle, counting type imports', async () => {
    expect(cycles(await importGraph())).toEqual([])
  })

  it('would show a cycle if there were one', () => {
    const graph = new Map([
      ['a.ts', ['b.ts']],
      ['b.ts', ['c.ts']],
      ['c.ts', ['b.ts']],
    ])
    expect(cycles(graph)).toEqual(['b.ts → c.ts → b.ts'])
  })

  it('follows the arrows also where a type is imported inline, which the lint does not read', async () => {
    const crossings = [...(await importGraph())].flatMap(([file, imports]) => imports.map((imported) => [folderOf(file), folderOf(imported), file] as const))
    const wrong = crossings.filter(([from, to]) => from !== to && from !== '' && !arrows[from]?.includes(to))
    expect(wrong).toEqual([])
    expect(crossings.length).toBeGreaterThan(20)
  })
})

function folderArrows(): Snippet[] {
  return folders.flatMap((folder) =>
    folders
      .filter((other) => other !== folder)
      .flatMap((other) => {
        const refused = !arrows[folder]?.includes(other)
        const place = folder === 'transports' ? 'transports/http' : folder
        const up = folder === 'transports' ? '../..' : '..'
        return [
          { folder: place, statement: `import { x } from '${up}/${other}/x.js'`, refused },
          { folder: place, statement: `import type { X } from '${up}/${other}/deep/x.js'`, refused },
          { folder: `${place}/deep`, statement: `export { x } from '../${up}/${other}/x.js'`, refused },
        ]
      }),
  )
}

function siblingTransports(): Snippet[] {
  return transports.flatMap((transport) =>
    transports
      .filter((other) => other !== transport)
      .map((other) => ({
        folder: `transports/${transport}`,
        statement: `import { x } from '../${other}/x.js'`,
        refused: !(transport === 'socket-io' && other === 'graphql-ws'),
      })),
  )
}

function compositionRoot(): Snippet[] {
  const own = folders.map((folder) => ({
    folder: '',
    statement: `import { x } from './${folder}/x.js'`,
    refused: !['core', 'backends', 'decorators', 'schema'].includes(folder),
  }))
  const upwards = folders.map((folder) => ({
    folder,
    statement: `import { createAuth } from '../create-auth.js'`,
    refused: !['testing', 'cli'].includes(folder),
  }))
  return [...own, ...upwards, { folder: 'schema', statement: `import { createAuth } from '../index.js'`, refused: true }]
}

function foreignPackages(): Snippet[] {
  const places = [...folders, 'transports/http', 'transports/graphql-ws', 'transports/socket-io', '']
  return Object.entries(homes).flatMap(([name, home]) =>
    places.map((folder) => ({ folder, statement: `import type { X } from '${name}'`, refused: !home.includes(folder) })),
  )
}

function narrowPlaces(): Snippet[] {
  return [
    { folder: 'core', statement: `import { GraphQLError } from 'graphql'`, refused: false },
    { folder: 'core', statement: `import { parse } from 'graphql'`, refused: true },
    { folder: 'schema', statement: `import { parse } from 'graphql'`, refused: false },
    { folder: 'client', statement: `import { createHash } from 'node:crypto'`, refused: true },
    { folder: 'transports/http', statement: `import { createHash } from 'node:crypto'`, refused: false },
  ]
}

function fileOf(snippet: Snippet): string {
  return join('src', snippet.folder, `snippet-${snippets.indexOf(snippet)}.ts`)
}

/** Runs the repository's lint rules over the snippets, in a folder of their own, and tells which rules each file broke. */
async function lint(scratch: string, written: readonly Snippet[]): Promise<ReadonlyMap<string, readonly string[]>> {
  await copyFile(join(repository, 'biome.json'), join(scratch, 'biome.json'))
  for (const snippet of written) {
    const file = join(scratch, fileOf(snippet))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `${snippet.statement}\n`)
  }
  const biome = join(repository, 'node_modules/@biomejs/biome/bin/biome')
  const options = ['--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none']
  const { stdout } = await promisify(execFile)(process.execPath, [biome, 'lint', ...options, 'src'], { cwd: scratch, maxBuffer: 1 << 26 }).catch(
    (failed: { stdout: string }) => failed,
  )
  return byFile(stdout)
}

function byFile(json: string): ReadonlyMap<string, readonly string[]> {
  const report = JSON.parse(json) as { diagnostics: readonly { category: string; location: { path: string } }[] }
  const found = new Map<string, string[]>()
  const ofImports = report.diagnostics.filter(({ category }) => /noRestrictedImports|noNodejsModules/.test(category))
  for (const { category, location } of ofImports) found.set(location.path, [...(found.get(location.path) ?? []), category])
  return found
}

async function importGraph(): Promise<ReadonlyMap<string, readonly string[]>> {
  const source = join(repository, 'src')
  const files = (await readdir(source, { recursive: true })).filter((file) => file.endsWith('.ts'))
  const entries = files.map(async (file) => {
    const text = await readFile(join(source, file), 'utf8')
    const targets = [...text.matchAll(/(?:\bfrom|\bimport)[ (]\s*'(\.[^']+)'/g)].map(([, specifier]) =>
      relative(source, resolve(source, dirname(file), String(specifier).replace(/\.js$/, '.ts'))),
    )
    return [file, targets] as const
  })
  return new Map(await Promise.all(entries))
}

function folderOf(file: string): string {
  return file.includes('/') ? String(file.split('/')[0]) : ''
}

/** Depth-first walk; a file that is met again while it is still on the path closes a cycle. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (done.has(file) || path.includes(file)) return
    for (const imported of graph.get(file) ?? []) visit(imported, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return found
}

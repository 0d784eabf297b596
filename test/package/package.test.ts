import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Consumer, consumer, pack, readManifest, type Tarball } from './consumer.js'

/** The optional peers that an entry needs at run time. Every other entry must do without any. */
const needs: Readonly<Record<string, readonly string[]>> = {
  './envelop': ['@envelop/core', '@envelop/generic-auth'],
  './graphql-jit': ['graphql-jit'],
  './transports/graphql-ws': ['graphql-ws'],
  './transports/socket-io': ['graphql-ws'],
  './orm/sequelize': ['sequelize'],
}
const manifest = readManifest()
const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json')
const withPeers = Object.keys(needs)
const withoutPeers = entries.filter((entry) => !withPeers.includes(entry))

const nameOf = (entry: string): string => entry.replace('.', 'graphql-gatehouse')
const importing = (entry: string): string => `console.log(Object.keys(await import('${nameOf(entry)}')).length > 0)`
const requiring = (entry: string): string =>
  `const { createRequire } = await import('node:module'); console.log(Object.keys(createRequire(process.cwd() + '/x.cjs')('${nameOf(entry)}')).length > 0)`
const naming = (all: readonly string[]): string => all.map((entry, index) => `export * as entry${index} from '${nameOf(entry)}'`).join('\n')

/** Installing takes as long as the network does, when npm's cache is cold. */
const INSTALL_TIMEOUT = 180_000

let packed: string
let tarball: Tarball

beforeAll(async () => {
  packed = await mkdtemp(join(tmpdir(), 'gatehouse-packed-'))
  tarball = await pack(packed)
})
afterAll(() => rm(packed, { recursive: true, force: true }))

describe('the tarball', () => {
  it('holds every file that package.json points at', () => {
    const targets = Object.values(manifest.exports).map((target) => (typeof target === 'string' ? target : target.default))
    const files = [...targets, ...Object.values(manifest.bin ?? {})].map((target) => target.replace('./', ''))
    expect(tarball.files).toEqual(expect.arrayContaining(files))
  })

  it('holds the build, its source and the papers, and nothing else', () => {
    const papers = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']
    const others = tarball.files.filter((file) => !/^(dist|src)\/.+\.(js|js\.map|d\.ts|d\.ts\.map|ts)$/.test(file))
    expect(others.sort()).toEqual(papers)
  })

  it('maps no source file that it does not hold', () => {
    const compiled = tarball.files.filter((file) => file.startsWith('dist/') && file.endsWith('.js'))
    const sources = compiled.map((file) => file.replace('dist/', 'src/').replace(/\.js$/, '.ts'))
    expect(tarball.files).toEqual(expect.arrayContaining(sources))
    expect(compiled.length).toBeGreaterThan(20)
  })
})

describe('beside graphql alone', () => {
  let bare: Consumer
  beforeAll(async () => {
    bare = await consumer(tarball, [exactly('graphql'), exactly('@types/node')])
  }, INSTALL_TIMEOUT)
  afterAll(() => bare?.remove())

  it.each(withoutPeers)('%s is imported', async (entry) => {
    expect(await bare.run(importing(entry))).toBe('true')
  })

  it.each(withoutPeers)('%s is required from CommonJS', async (entry) => {
    expect(await bare.run(requiring(entry))).toBe('true')
  })

  it.each(withPeers)('%s names the peer that it misses', async (entry) => {
    const peers = (needs[entry] ?? []).join('|')
    expect(await bare.run(importing(entry))).toMatch(new RegExp(`^ERR_MODULE_NOT_FOUND Cannot find package '(${peers})'`))
  })

  it('type-checks every entry that needs no peer', async () => {
    expect(await bare.compile(naming(withoutPeers))).toBe('')
  })

  it('does not let a file be imported that has no entry', async () => {
    expect(await bare.run(`await import('graphql-gatehouse/dist/core/auth.js')`)).toMatch(/^ERR_PACKAGE_PATH_NOT_EXPORTED/)
  })
})

describe.each(['graphql', 'graphql-17'])('beside every peer, with %s', (graphql) => {
  let full: Consumer
  beforeAll(async () => {
    const peers = Object.keys(manifest.peerDependencies).filter((peer) => peer !== 'graphql')
    const types = ['@types/node', '@types/express', '@types/express-session', '@types/validator', '@types/ws']
    const exact = exactly(graphql).replace(/^graphql-17@npm:/, '')
    full = await consumer(tarball, [exact, ...peers.map(exactly), ...types.map(exactly)])
  }, INSTALL_TIMEOUT)
  afterAll(() => full?.remove())

  it.each(entries)('%s is imported', async (entry) => {
    expect(await full.run(importing(entry))).toBe('true')
  })

  it.each(entries)('%s is required from CommonJS', async (entry) => {
    expect(await full.run(requiring(entry))).toBe('true')
  })

  it('gives one copy of the package to import and to require', async () => {
    const source = `
      const { createRequire } = await import('node:module')
      const required = createRequire(process.cwd() + '/x.cjs')('graphql-gatehouse')
      console.log(required.createAuth === (await import('graphql-gatehouse')).createAuth)`
    expect(await full.run(source)).toBe('true')
  })

  it('type-checks every entry', async () => {
    expect(await full.compile(naming(entries))).toBe('')
  })
})

/** A package as `name@version`, in the version that the tests of this repository run with. */
function exactly(name: string): string {
  return `${name}@${manifest.devDependencies[name]}`
}

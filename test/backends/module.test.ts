import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type ModuleBackend, moduleBackend } from '../../src/backends/module.js'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { BackendUnavailableError } from '../../src/core/errors.js'
import { bearer, judge } from './bearer.js'

const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url))
const load = (reference: string, baseUrl = FIXTURES): ModuleBackend => moduleBackend(reference, baseUrl, 'backends[0]')

describe('a module reference', () => {
  it.each<[string, string, string]>([
    ['a named export', './verify-token.js#verifyToken', FIXTURES],
    ['the default export', './verify-token.js', FIXTURES],
    ['the default export by name', './verify-token.js#default', FIXTURES],
    ['a file in a folder above', '../verify-token.js#verifyToken', join(FIXTURES, 'app')],
    ['a file below a folder URL', './verify-token.js#verifyToken', pathToFileURL(FIXTURES).href],
  ])('to %s is asked about tokens', async (_, reference, baseUrl) => {
    const backend = load(reference, baseUrl)
    await backend.ready
    expect(await judge(backend, 'good')).toMatchObject({ subject: 'ada', issuer: 'custom', scopes: ['read'] })
    expect(await judge(backend, 'bad')).toMatchObject({ reason: 'INVALID_TOKEN' })
  })

  it('waits for its module when a token comes first', async () => {
    expect(await judge(load('./verify-token.js#verifyToken'), 'good')).toMatchObject({ subject: 'ada' })
  })

  it('to a default export compiled to CommonJS is understood', async () => {
    expect(await judge(load('./compiled.cjs'), 'any')).toMatchObject({ subject: 'compiled' })
  })

  it('to a file that only its TypeScript source is there of is left to the loader', () => {
    expect(() => load('./app/typed.js#verifyToken')).not.toThrow()
    expect(() => load('./app/missing.js#verifyToken')).toThrow(ConfigurationError)
  })

  it('to a token backend is that backend', async () => {
    const backend = load('./verify-token.js#backend')
    expect(backend.name).toBe('module')
    await backend.ready
    expect(backend.name).toBe('from-module')
    expect(backend.accepts?.(bearer('mine'))).toBe(true)
    expect(backend.accepts?.(bearer('other'))).toBe(false)
    expect(await judge(backend, 'mine')).toMatchObject({ issuer: 'module', subject: 'mine' })
    await backend.close?.()
    const { backend: inner } = (await import(pathToFileURL(join(FIXTURES, 'verify-token.js')).href)) as { backend: { closed: boolean } }
    expect(inner.closed).toBe(true)
  })

  it('to a token backend that turns out not to want the token is unavailable while it loads, not invalid', async () => {
    await expect(load('./verify-token.js#backend').verify(bearer('other'), new AbortController().signal)).rejects.toBeInstanceOf(BackendUnavailableError)
  })
})

describe('a module reference is refused at once', () => {
  it.each<[string, string]>([
    ['that is empty', ''],
    ['that has no module', '#verifyToken'],
    ['that has an empty export', './verify-token.js#'],
    ['that has two exports', './verify-token.js#a#b'],
    ['that has an export with a dot', './verify-token.js#a.b'],
    ['that is an absolute path', join(FIXTURES, 'verify-token.js')],
    ['that is a file URL', pathToFileURL(join(FIXTURES, 'verify-token.js')).href],
    ['that brings its own code', 'data:text/javascript,export default 1'],
    ['that is a web address', 'https://example.com/verify.js'],
  ])('%s', (_, reference) => {
    expect(() => load(reference)).toThrow(ConfigurationError)
    expect(() => load(reference)).toThrow(/^backends\[0\]: expected a relative file or a package/)
  })

  it.each([
    ['that is not there', './missing.js#verifyToken'],
    ['that is a folder', './app'],
  ])('to a file %s', (_, reference) => {
    expect(() => load(reference)).toThrow(/^backends\[0\]: expected a file that exists/)
  })
})

describe('a module that turns out wrong is a configuration error, for whoever waits and for every token', () => {
  it.each<[string, string, string]>([
    ['without the export', './verify-token.js#other', "an export 'other' that is a verify function or a token backend"],
    ['whose export is neither', './verify-token.js#notABackend', "an export 'notABackend' that is a verify function or a token backend"],
    ['that throws while it loads', './broken.js', 'a module that can be loaded'],
    ['of a package that is not installed', 'no-such-package-anywhere', 'a module that can be loaded'],
  ])('%s', async (_, reference, expected) => {
    const backend = load(reference)
    await expect(backend.ready).rejects.toThrow(ConfigurationError)
    await expect(backend.ready).rejects.toThrow(expected)
    await expect(backend.verify(bearer('good'), new AbortController().signal)).rejects.toThrow(ConfigurationError)
    await backend.close?.()
  })
})

describe('a package', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-'))
    const scoped = join(folder, 'node_modules', '@acme', 'auth')
    await mkdir(scoped, { recursive: true })
    await writeFile(
      join(scoped, 'package.json'),
      JSON.stringify({ name: '@acme/auth', version: '1.0.0', exports: { '.': './index.cjs', './token': './token.cjs' } }),
    )
    await writeFile(join(scoped, 'index.cjs'), "exports.verifyToken = async () => ({ active: true, subject: 'package' })")
    await writeFile(join(scoped, 'token.cjs'), "module.exports = async () => ({ active: true, subject: 'subpath' })")
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each([
    ['@acme/auth#verifyToken', 'package'],
    ['@acme/auth/token', 'subpath'],
  ])('is found from the folder: %s', async (reference, subject) => {
    expect(await judge(load(reference, folder), 'any')).toMatchObject({ subject })
  })
})

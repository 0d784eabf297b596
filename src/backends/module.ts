import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { BackendHost, TokenBackend } from '../core/backend.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { BackendUnavailableError } from '../core/errors.js'
import { custom, type VerifyToken } from './custom.js'

/** A backend whose code is named by a reference, and loading. */
export interface ModuleBackend extends TokenBackend {
  /** Resolves when the module is there and good; rejects with a {@link ConfigurationError}. Need not be awaited by anybody. */
  readonly ready: Promise<void>
}

/**
 * Makes a backend of a module's export: a verify function as {@link custom} takes it, or a {@link TokenBackend}.
 *
 * The reference is a file, relative to `baseUrl`, or a package, and behind `#` the export's name; without one it is the default
 * export. Its syntax, and for a file its existence, are checked at once; the import is started at once and `verify` waits for it.
 *
 * Does not watch the file: what was loaded stays.
 *
 * @param baseUrl a folder, as a path or a `file:` URL
 * @param path where the reference stands in the settings, for messages
 * @throws {ConfigurationError} when the reference is malformed or the file is not there.
 * @example
 * moduleBackend('./auth/verify-token.js#verifyToken', process.cwd())
 */
export function moduleBackend(reference: string, baseUrl: string, path = 'module'): ModuleBackend {
  const { specifier, exportName } = parseReference(reference, path)
  const folder = baseUrl.startsWith('file:') ? fileURLToPath(baseUrl) : resolve(baseUrl)
  if (isRelative(specifier) && !isFile(resolve(folder, specifier))) throw new ConfigurationError(path, 'a file that exists', EXAMPLE)

  let backend: TokenBackend | null = null
  let host: BackendHost | null = null
  const loading = load(specifier, folder, path).then((namespace) => {
    backend = backendOf(namespace, exportName, path)
    if (host !== null) backend.attach?.(host)
    return backend
  })
  const ready = loading.then(() => undefined)
  // Whoever awaits it gets the rejection, and so does every verify; nobody else has to.
  ready.catch(() => undefined)

  return Object.freeze<ModuleBackend>({
    get name() {
      return backend?.name ?? 'module'
    },
    ready,
    attach(given) {
      host = given
      backend?.attach?.(given)
    },
    accepts: (credentials) => backend?.accepts?.(credentials) ?? true,
    async verify(credentials, signal) {
      const early = backend === null
      const loaded = await loading
      // A token that came before its backend could say whose it is may belong to the next one.
      if (early && loaded.accepts?.(credentials) === false) throw new BackendUnavailableError({ detail: 'the backend was still loading', retryAfter: 1 })
      return loaded.verify(credentials, signal)
    },
    async close() {
      await backend?.close?.()
    },
  })
}

const EXAMPLE = "'./auth/verify-token.js#verifyToken'"
/** A relative path or a package (with an optional path inside it), then an optional export name. No absolute paths, no URLs. */
const REFERENCE = /^(\.\.?\/[^#?]+|(?:@[a-z0-9-~][\w.~-]*\/)?[a-z0-9-~][\w.~-]*(?:\/[^#?]+)?)(?:#([\p{ID_Start}$_][\p{ID_Continue}$]*))?$/u

function parseReference(reference: string, path: string): { specifier: string; exportName: string } {
  const [, specifier, exportName = 'default'] = REFERENCE.exec(reference) ?? []
  if (specifier === undefined) throw new ConfigurationError(path, "a relative file or a package, and behind '#' the name of an export", EXAMPLE)
  return { specifier, exportName }
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.')
}

/** Loaders that run TypeScript find `x.ts` behind the name `x.js`. */
function isFile(file: string): boolean {
  return [file, file.replace(/\.([cm]?)js$/, '.$1ts')].some((name) => statSync(name, { throwIfNoEntry: false })?.isFile() === true)
}

async function load(specifier: string, folder: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(isRelative(specifier) ? pathToFileURL(resolve(folder, specifier)).href : locate(specifier, folder))
  } catch (error) {
    throw new ConfigurationError(path, 'a module that can be loaded', EXAMPLE, { cause: error })
  }
}

/** The package as seen from the folder. One that has no entry for `require` is left to `import`, which sees it from here. */
function locate(specifier: string, folder: string): string {
  try {
    return pathToFileURL(createRequire(join(folder, 'package.json')).resolve(specifier)).href
  } catch {
    return specifier
  }
}

function backendOf(namespace: Readonly<Record<string, unknown>>, exportName: string, path: string): TokenBackend {
  const exported = namespace[exportName]
  // A CommonJS module that was compiled from `export default` keeps it one level down.
  const value = exportName === 'default' && isCompiledModule(exported) ? exported.default : exported
  if (typeof value === 'function') return custom(value as VerifyToken, {}, path)
  if (isTokenBackend(value)) return value
  throw new ConfigurationError(path, `an export '${exportName}' that is a verify function or a token backend`, EXAMPLE)
}

function isCompiledModule(value: unknown): value is { readonly default: unknown } {
  return typeof value === 'object' && value !== null && '__esModule' in value && 'default' in value
}

/** Whether this is a token backend rather than its settings. */
export function isTokenBackend(value: unknown): value is TokenBackend {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<TokenBackend>).verify === 'function' &&
    typeof (value as Partial<TokenBackend>).name === 'string'
  )
}

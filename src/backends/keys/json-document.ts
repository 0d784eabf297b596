import type { FetchImplementation } from 'jose'
import { BackendUnavailableError } from '../../core/errors.js'

/** How a document is fetched. */
export interface DocumentRequest {
  /** `accept` header. */
  readonly accept: string
  readonly fetch: FetchImplementation
  readonly signal: AbortSignal
}

/** A status and, when it is 200, the JSON object that came with it. */
export interface DocumentAnswer {
  readonly status: number
  readonly document: Readonly<Record<string, unknown>> | null
}

/** Bytes, after decompression. */
const LIMIT = 1_048_576

/**
 * Fetches a JSON object from a provider: no redirect is followed, and no more than 1 MiB is read. A connection that is cut before the
 * answer begins is tried anew, once and within the same time: the server may have closed it while it was idle (RFC 9112 §9.3.1).
 *
 * Does not check the URL, and not what the document says.
 *
 * @throws {BackendUnavailableError} when the server cannot be reached, answers too late or too much, or with something other than a JSON object.
 */
export async function fetchDocument(url: string, { accept, fetch, signal }: DocumentRequest): Promise<DocumentAnswer> {
  const get = (): Promise<Response> => fetch(url, { method: 'GET', redirect: 'manual', headers: new Headers({ accept }), signal })
  const response = await get()
    .catch((error: unknown) => {
      if (signal.aborted || !wasCut(error)) throw error
      return get()
    })
    .catch((error: unknown) => {
      throw unreachableError(error)
    })
  if (response.status !== 200 || response.redirected) {
    await response.body?.cancel().catch(() => undefined)
    return { status: response.redirected ? 302 : response.status, document: null }
  }
  return { status: 200, document: parse(await readText(response)) }
}

/** Node's fetch has the code on the cause, others on the error itself. */
function wasCut(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { readonly code?: unknown; readonly cause?: { readonly code?: unknown } | null }
  return [code, cause?.code].some((each) => each === 'ECONNRESET' || each === 'UND_ERR_SOCKET')
}

/** The error of a provider that cannot be used right now. `detail` is for the audit log, in our own words. */
export function providerUnavailable(detail: string, cause?: unknown): BackendUnavailableError {
  return new BackendUnavailableError({ detail }, { cause })
}

/**
 * Reads a provider's answer as JSON, and no more of it than 1 MiB.
 *
 * @throws {BackendUnavailableError} when it is something else, or breaks off.
 */
export async function readJson(response: Response): Promise<unknown> {
  const text = await readText(response)
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes what it read, so it goes no further.
    throw providerUnavailable('the provider answered with something other than JSON')
  }
}

/**
 * Reads a provider's answer as UTF-8, and no more of it than 1 MiB.
 *
 * @throws {BackendUnavailableError} when it is something else, or breaks off.
 */
export async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength
      if (size > LIMIT) throw providerUnavailable('the provider answered with more than 1 MiB')
      chunks.push(chunk)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (error) {
    throw error instanceof BackendUnavailableError ? error : unreachableError(error)
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // The parser's message quotes what it read, so it goes no further.
  }
  throw providerUnavailable('the provider answered with something other than a JSON object')
}

/** The error of a provider that a request did not reach, or that did not answer in time. */
export function unreachableError(error: unknown): BackendUnavailableError {
  const { name, cause } = error as { readonly name?: unknown; readonly cause?: unknown }
  const detail = name === 'TimeoutError' || name === 'AbortError' ? 'the provider did not answer in time' : 'the provider is out of reach'
  // fetch wraps the error that has the code, such as ECONNREFUSED, in one that says nothing.
  return providerUnavailable(detail, cause ?? error)
}

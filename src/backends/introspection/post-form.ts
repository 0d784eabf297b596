import { readJson, unreachableError } from '../keys/json-document.js'

/** Sends a request, as the global fetch does: it must honour `method`, `headers`, `body`, `signal` and `redirect: 'manual'`. */
export type HttpFetch = (url: string, init: RequestInit) => Promise<Response>

/** A form to be posted. */
export interface FormRequest {
  readonly form: URLSearchParams
  /** `authorization` header. @default none */
  readonly authorization?: string | undefined
  /** Milliseconds for the request and its answer. */
  readonly timeoutDuration: number
  /** Aborts when the answer is no longer waited for. */
  readonly signal: AbortSignal
  /** @default the global fetch */
  readonly fetch?: HttpFetch | undefined
}

/** A status, and the JSON that came with it; `undefined` where there was none to read. */
export interface FormAnswer {
  readonly status: number
  readonly body: unknown
}

/**
 * Posts a form to an OAuth endpoint and reads the JSON that comes back with status 200, or with a 4xx that explains itself
 * (RFC 6749 §5.2). No redirect is followed: a form with a token in it goes where the settings say, and nowhere else. No more than
 * 1 MiB is read.
 *
 * Does not check the URL, and not what the answer says.
 *
 * @throws {BackendUnavailableError} when the server cannot be reached, answers too late or too much, or status 200 comes with something
 * other than JSON.
 */
export async function postForm(url: string, { form, authorization, timeoutDuration, signal, fetch = globalThis.fetch }: FormRequest): Promise<FormAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: form.toString(),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutDuration)]),
  }).catch((error: unknown) => {
    throw unreachableError(error)
  })
  const { status } = response
  // What comes after a redirect is another server's answer.
  if (status === 200 && !response.redirected) return { status, body: await readJson(response) }
  if (status >= 400 && status <= 499) return { status, body: await readJson(response).catch(() => undefined) }
  await response.body?.cancel().catch(() => undefined)
  return { status: response.redirected ? 302 : status, body: undefined }
}

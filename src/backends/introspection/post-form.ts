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
  /** The form in which the answer is wanted. @default JSON */
  readonly format?: AnswerFormat | undefined
}

/** A form of answers, and how one is read. */
export interface AnswerFormat {
  /** `accept` header. */
  readonly accept: string
  /** Reads an answer with status 200. Throws {BackendUnavailableError} when it has another form. */
  read(response: Response): Promise<unknown>
}

const JSON_FORMAT: AnswerFormat = { accept: 'application/json', read: readJson }

/** A status, and what came with it; `undefined` where there was nothing to read. */
export interface FormAnswer {
  readonly status: number
  readonly body: unknown
}

/**
 * Posts a form to an OAuth endpoint and reads what comes back with status 200, or the JSON of a 4xx that explains itself
 * (RFC 6749 §5.2). No redirect is followed: a form with a token in it goes where the settings say, and nowhere else. No more than
 * 1 MiB is read.
 *
 * Does not check the URL, and not what the answer says.
 *
 * @throws {BackendUnavailableError} when the server cannot be reached, answers too late or too much, or status 200 comes with something
 * of another format.
 */
export async function postForm(url: string, request: FormRequest): Promise<FormAnswer> {
  const { form, authorization, timeoutDuration, signal, fetch = globalThis.fetch, format = JSON_FORMAT } = request
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      accept: format.accept,
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
  if (status === 200 && !response.redirected) return { status, body: await format.read(response) }
  if (status >= 400 && status <= 499) return { status, body: await readJson(response).catch(() => undefined) }
  await response.body?.cancel().catch(() => undefined)
  return { status: response.redirected ? 302 : status, body: undefined }
}

import type { ServerResponse } from 'node:http'

/** Ways in which an endpoint of a test issuer can fail. */
export type FailureMode = 'down' | 'slow' | 'missing' | 'error' | 'html' | 'huge' | 'redirect'

/** Every {@link FailureMode}. */
export const FAILURE_MODES: readonly [FailureMode, ...FailureMode[]] = ['down', 'slow', 'missing', 'error', 'html', 'huge', 'redirect']

/**
 * Answers a request as a broken server does: `down` cuts the connection, `slow` never answers, `missing` and `error` answer 404 and
 * 500, `html` a page with status 200, `huge` more than 2 MiB of valid JSON, `redirect` a 302 to a place that would answer well.
 *
 * @param elsewhere where `redirect` points
 */
export function failWith(mode: FailureMode, response: ServerResponse, elsewhere: string): void {
  FAILURES[mode](response, elsewhere)
}

const FAILURES: Readonly<Record<FailureMode, (response: ServerResponse, elsewhere: string) => void>> = {
  down: (response) => response.destroy(),
  slow: () => undefined,
  missing: (response) => response.writeHead(404).end(),
  error: (response) => response.writeHead(500).end(),
  html: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>'),
  huge: (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [{ padding: 'x'.repeat(2_200_000) }] })),
  redirect: (response, elsewhere) => response.writeHead(302, { location: elsewhere }).end(),
}

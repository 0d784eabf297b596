import { existsSync } from 'node:fs'

/** How the tests start it: without a screen, without a sandbox (there is none in most containers), and without talking to anybody. */
export const CHROMIUM_ARGUMENTS: string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Chromium's path, or `null` where there is none. In CI that is a failure: a test that never runs there guards nothing. */
export function findBrowser(): string | null {
  const named = process.env.CHROMIUM_PATH
  if (named !== undefined && named !== '') return named
  const found = PLACES.find((place) => existsSync(place))
  if (found !== undefined) return found
  const reason = 'No Chromium or Chrome found: install one, or name it in CHROMIUM_PATH.'
  if (process.env.CI) throw new Error(reason)
  // Not by console: jest does not show what a skipped file has said.
  process.stderr.write(`${reason} The browser tests are skipped.\n`)
  return null
}

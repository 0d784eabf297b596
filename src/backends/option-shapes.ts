import { z } from 'zod'
import { amount, hint, texts } from '../core/options.js'
import { isSecureUrl } from '../core/secure-url.js'
import type { ClientAuthentication } from './introspection/client-authentication.js'
import { ASYMMETRIC_ALGORITHMS } from './keys/algorithms.js'
import type { ReplayStore } from './replay-store.js'

/** What stands for this API in `aud`: one text, or a list of them. */
export function audience(example: string): z.ZodType<string | string[], string | string[]> {
  return oneOrMore('what stands for this API in aud, once or in a list', example)
}

/** A non-empty string, or a list of them with at least one. */
export function oneOrMore(expected: string, example: string): z.ZodType<string | string[], string | string[]> {
  const told = hint(expected, example)
  return z.union([z.string(told).min(1, told), texts(expected, example)], told)
}

/** Algorithms with a key pair, at least one. */
export function asymmetricAlgorithms(example: string): z.ZodType<string[], string[]> {
  const told = hint('a list of algorithms with a key pair', `[${example}]`)
  return z.array(z.enum([...ASYMMETRIC_ALGORITHMS], hint('an algorithm with a key pair', example)), told).min(1, told)
}

/** Seconds that two clocks may differ. */
export function clockTolerance(): z.ZodNumber {
  return amount('seconds from 0 to 60', '5', 60)
}

/** A length of time in seconds. */
export function seconds(example: string): z.ZodNumber {
  return amount('seconds, 0 or more', example)
}

/** A length of time in milliseconds. */
export function milliseconds(example: string): z.ZodNumber {
  return amount('milliseconds, 0 or more', example)
}

/** A time limit in milliseconds. */
export function timeLimit(): z.ZodNumber {
  const told = hint('whole milliseconds, 1 or more', '5000')
  return z.number(told).int(told).min(1, told)
}

/** How a client shows its secret. */
export function clientAuthentication(): z.ZodType<ClientAuthentication, ClientAuthentication> {
  return z.enum(['client_secret_basic', 'client_secret_post'], hint("'client_secret_basic' or 'client_secret_post'", "'client_secret_basic'"))
}

/** An object with `claim`. */
export function replayStore(): z.ZodType<ReplayStore, ReplayStore> {
  return z.custom<ReplayStore>(
    (value) => typeof (value as Partial<ReplayStore> | null)?.claim === 'function',
    hint('a replay store', 'redisReplayStore(redis)'),
  )
}

/** Whether keys can be discovered at this issuer: a secure URL without query and fragment (RFC 8414 §2). */
export function isIssuerUrl(value: string): boolean {
  return isSecureUrl(value) && !value.includes('?') && !value.includes('#')
}

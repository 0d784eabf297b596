import { z } from 'zod'
import { ConfigurationError } from './configuration-error.js'
import { isSecureUrl } from './secure-url.js'

/** What a malformed option is told: what was expected, and an example in code. For the `error` of a zod schema. */
export interface OptionHint {
  readonly error: string
}

/** Describes an option for {@link parseOptions}: every zod check on it reports this text. */
export function hint(expected: string, example: string): OptionHint {
  return { error: `${expected}, for example ${example}` }
}

/** A non-empty string. */
export function text(example: string): z.ZodType<string, string> {
  return z.string(hint('a non-empty string', example)).min(1, hint('a non-empty string', example))
}

/** A list of non-empty strings, at least one. */
export function texts(expected: string, example: string): z.ZodArray<z.ZodType<string, string>> {
  const told = hint(expected, example)
  return z.array(z.string(told).min(1, told), told).min(1, told)
}

/** An https URL, or http on this machine; see {@link isSecureUrl}. */
export function secureUrl(example: string): z.ZodType<string, string> {
  const told = hint('an https URL (http on loopback)', example)
  return z.string(told).refine(isSecureUrl, told)
}

/** `true` or `false`. */
export function flag(): z.ZodType<boolean, boolean> {
  return z.boolean(hint('true or false', 'true'))
}

/** A function, taken as it is. */
export function callback<F>(example: string): z.ZodType<F, F> {
  return z.custom<F>((value) => typeof value === 'function', hint('a function', example))
}

/** A number from 0 to `most`. */
export function amount(expected: string, example: string, most: number = Number.MAX_SAFE_INTEGER): z.ZodNumber {
  const told = hint(expected, example)
  return z.number(told).min(0, told).max(most, told)
}

/** A whole number above 0. */
export function count(example: string): z.ZodNumber {
  const told = hint('a whole number above 0', example)
  return z.number(told).int(told).positive(told)
}

/** An origin as browsers send it: scheme, host and port, without a path. */
export function origin(example: string): z.ZodType<string, string> {
  const told = hint('an origin without a path', example)
  return z.string(told).refine((value) => URL.canParse(value) && new URL(value).origin === value, told)
}

/**
 * Checks options against a schema and returns a copy with the defaults filled in. The input is not changed.
 *
 * @param path where the options stand in the settings, for messages: `''` for the settings themselves.
 * @throws {ConfigurationError} for the first option that is malformed or unknown. The message never repeats the value.
 */
export function parseOptions<Output, Input>(schema: z.ZodType<Output, Input>, input: unknown, path: string): Output {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  if (issue === undefined) throw new ConfigurationError(path, 'valid options')
  const at = joinPath(path, issue.path)
  if (issue.code === 'unrecognized_keys') {
    throw new ConfigurationError(joinPath(at, issue.keys.slice(0, 1)), `no such option${knownOptions(schemaAt(schema, issue.path))}`)
  }
  throw new ConfigurationError(at === '' ? 'settings' : at, issue.message)
}

function joinPath(base: string, segments: readonly PropertyKey[]): string {
  return segments.reduce<string>((path, segment) => {
    if (typeof segment === 'number') return `${path}[${segment}]`
    return path === '' ? String(segment) : `${path}.${String(segment)}`
  }, base)
}

/** The schema of the option that a path leads to; `undefined` where the path runs through something else than objects and lists. */
function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  return path.reduce<z.core.$ZodType | undefined>((current, segment) => {
    const inner = withoutOptional(current)
    if (inner instanceof z.ZodObject) return inner.shape[segment as string]
    return inner instanceof z.ZodArray ? inner.element : undefined
  }, schema)
}

function withoutOptional(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? withoutOptional(schema.unwrap()) : schema
}

function knownOptions(found: z.core.$ZodType | undefined): string {
  const schema = withoutOptional(found)
  const object = schema instanceof z.ZodUnion ? schema.options.find((option) => option instanceof z.ZodObject) : schema
  return object instanceof z.ZodObject ? `; the options here are ${Object.keys(object.shape).join(', ')}` : ''
}

import { describe, expect, it } from '@jest/globals'
import type { JWK } from 'jose'
import { isSigned, vectors } from './signature-layer.js'

interface Example {
  readonly title: string
  readonly input: { readonly payload: string; readonly key: JWK | readonly JWK[] }
  readonly output: { readonly compact?: string; readonly json: object; readonly json_flat?: object }
}

const example = (path: string): Example => vectors<Example>(`jose-cookbook/${path}`)

/** The key as an issuer publishes it; a secret stays what it is. */
function published(key: JWK): JWK {
  return key.kty === 'oct' ? key : Object.fromEntries(Object.entries(key).filter(([member]) => !['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(member)))
}

describe('the examples of RFC 7520 and RFC 8037 in the compact form', () => {
  const SIGNED = [
    'jws/4_1.rsa_v15_signature',
    'jws/4_2.rsa-pss_signature',
    'jws/4_3.ecdsa_signature',
    'jws/4_4.hmac-sha2_integrity_protection',
    'curve25519/jws',
  ]

  it.each(SIGNED)('%s is accepted, and not with a payload or a signature of another', async (name) => {
    const { input, output } = example(`${name}.json`)
    const key = published(input.key as JWK)
    const [header, payload, signature = ''] = (output.compact ?? '').split('.')
    expect(Buffer.from(payload ?? '', 'base64url').toString()).toBe(input.payload)
    expect(await isSigned(`${header}.${payload}.${signature}`, key)).toBe(true)
    expect(await isSigned(`${header}.${Buffer.from(`${input.payload} `).toString('base64url')}.${signature}`, key)).toBe(false)
    const changed = Buffer.from(signature, 'base64url')
    changed[0] = (changed[0] ?? 0) ^ 1
    expect(await isSigned(`${header}.${payload}.${changed.toString('base64url')}`, key)).toBe(false)
  })

  it.each(['jws/4_1.rsa_v15_signature', 'jws/4_3.ecdsa_signature', 'curve25519/jws'])(
    '%s is refused when its private key is what was published',
    async (name) => {
      const { input, output } = example(`${name}.json`)
      expect(await isSigned(output.compact ?? '', input.key as JWK)).toBe(false)
    },
  )

  it.each<[string, string]>([
    ['jws/4_5.signature_with_detached_content', 'the payload is elsewhere'],
    ['rfc7797/hmac-sha2_b64_false', 'the payload is not encoded, which the header says by crit and b64'],
  ])('%s is refused: %s', async (name) => {
    const { input, output } = example(`${name}.json`)
    expect(output.compact).toEqual(expect.any(String))
    expect(await isSigned(output.compact ?? '', input.key as JWK)).toBe(false)
  })
})

describe('the JSON serialization is refused, for a bearer token is compact', () => {
  it.each([
    'jws/4_1.rsa_v15_signature',
    'jws/4_4.hmac-sha2_integrity_protection',
    'jws/4_6.protecting_specific_header_fields',
    'jws/4_7.protecting_content_only',
    'jws/4_8.multiple_signatures',
    'rfc7797/4.2.hmac-sha2_b64_false',
  ])('%s', async (name) => {
    const { input, output } = example(`${name}.json`)
    for (const key of [input.key].flat().map(published)) {
      for (const form of [output.json, output.json_flat ?? output.json]) expect(await isSigned(JSON.stringify(form), key)).toBe(false)
    }
  })
})

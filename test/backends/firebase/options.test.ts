import { describe, expect, it } from '@jest/globals'
import { type FirebaseOptions, firebase } from '../../../src/backends/firebase.js'
import { createAuth } from '../../../src/create-auth.js'

const getUser = async () => ({ disabled: false })
const verifyIdToken = async () => ({})

describe('options of firebase', () => {
  it.each<[string, object, RegExp]>([
    ['no project', { projectId: undefined }, /^firebase\.projectId: expected a project's id/],
    ['an empty project', { projectId: '' }, /^firebase\.projectId: /],
    ['the number of a project', { projectId: '123456789012' }, /^firebase\.projectId: /],
    ['a project with a slash', { projectId: 'shop/other' }, /^firebase\.projectId: /],
    ['a project that is a URL', { projectId: 'https://securetoken.google.com/shop' }, /^firebase\.projectId: /],
    ['an empty tenant', { tenantId: '' }, /^firebase\.tenantId: expected the id of a tenant/],
    ['no tenants', { tenantId: [] }, /^firebase\.tenantId: /],
    ['a tenant that is a number', { tenantId: [7] }, /^firebase\.tenantId/],
    ['no ways to sign in', { signInProviders: [] }, /^firebase\.signInProviders: expected a list of ways to sign in/],
    ['an admin that is a flag', { checkRevoked: true }, /^firebase\.checkRevoked: expected an object with getUser or verifyIdToken/],
    ['an admin that can do nothing', { checkRevoked: {} }, /^firebase\.checkRevoked: /],
    ['an admin that is null', { checkRevoked: null }, /^firebase\.checkRevoked: /],
    ['an admin whose getUser is no function', { checkRevoked: { getUser: {}, verifyIdToken } }, /^firebase\.checkRevoked: /],
    ['one admin for several tenants', { tenantId: ['a', 'b'], checkRevoked: { getUser } }, /^firebase\.checkRevoked: expected a function of the tenant/],
    ['one admin for every tenant', { tenantId: '*', checkRevoked: { getUser } }, /^firebase\.checkRevoked: expected a function of the tenant/],
    [
      'an admin that knows no cookies',
      { sessionCookies: true, checkRevoked: { verifyIdToken } },
      /^firebase\.checkRevoked: expected an object with getUser or verifySessionCookie/,
    ],
    ['a memory for nothing', { revocationTtl: 30 }, /^firebase\.revocationTtl: expected checkRevoked beside it/],
    ['a negative memory', { checkRevoked: { getUser }, revocationTtl: -1 }, /^firebase\.revocationTtl: expected seconds, 0 or more/],
    ['keys over http', { jwksUri: 'http://example.com/keys' }, /^firebase\.jwksUri: expected an https URL/],
    ['keys of cookies over http', { sessionJwksUri: 'http://example.com/keys' }, /^firebase\.sessionJwksUri: expected an https URL/],
    ['a tolerance of two minutes', { clockTolerance: 120 }, /^firebase\.clockTolerance: expected seconds from 0 to 60/],
    ['no time to answer', { timeoutDuration: 0 }, /^firebase\.timeoutDuration: /],
    ['an emulator in words', { dangerouslyAcceptEmulatorTokens: 'true' }, /^firebase\.dangerouslyAcceptEmulatorTokens: expected true or false/],
    ['a mapping of something else', { claims: { role: 'r' } }, /^firebase\.claims\.role: expected no such option/],
    ['an algorithm', { algorithms: ['none'] }, /^firebase\.algorithms: expected no such option; the options here are projectId, /],
  ])('are refused by name: %s', (_, wrong, message) => {
    expect(() => firebase({ projectId: 'shop-prod', ...wrong } as FirebaseOptions)).toThrow(message)
  })

  it.each<[string, Partial<FirebaseOptions>]>([
    ['one admin for one tenant', { tenantId: 'a', checkRevoked: { getUser } }],
    ['a function for several', { tenantId: ['a', null], checkRevoked: () => ({ getUser }) }],
    ['a project of a domain', { projectId: 'example.com:shop' }],
  ])('may be %s', (_, options) => {
    expect(() => firebase({ projectId: 'shop-prod', ...options })).not.toThrow()
  })

  it('are those of an entry of the settings, under the name of the entry', () => {
    const quiet = { logger: { debug() {}, info() {}, error() {} } }
    expect(createAuth({ audit: quiet, backends: [{ type: 'firebase', projectId: 'shop-prod' }] }).settings.backends[0]?.name).toBe('firebase')
    expect(() => createAuth({ backends: [{ type: 'firebase', projectId: '' }] })).toThrow(/^backends\[0\]\.projectId: /)
  })
})

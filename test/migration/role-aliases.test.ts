import { makeExecutableSchema } from '@graphql-tools/schema'
import { describe, expect, it } from '@jest/globals'
import type { GraphQLSchema } from 'graphql'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import type { AnyFunction } from '../../src/decorators/declaration.js'
import { Authorized, auth as authenticated, hasRole, RoleMatchingMode, Roles } from '../../src/migration/index.js'
import { openAuth, run, type Who } from './support.js'

const schemaOf = (resolver: AnyFunction): GraphQLSchema =>
  makeExecutableSchema({ typeDefs: 'type Query { field: String }', resolvers: { Query: { field: resolver } } })
const answer = (): string => 'answer'
const { auth } = openAuth([], { admins: { super: { role: 'root' } } })

const authenticatedOnly: ReadonlyArray<readonly [string, AnyFunction]> = [
  ['Authorized()', Authorized()(answer)],
  ['auth(resolver)', authenticated(answer)],
]
const anyOfTwo: ReadonlyArray<readonly [string, AnyFunction]> = [
  ["Authorized('ADMIN', 'MOD')", Authorized('ADMIN', 'MOD')(answer)],
  ["Authorized<Role>('ADMIN', 'MOD')", Authorized<'ADMIN' | 'MOD'>('ADMIN', 'MOD')(answer)],
  ["Authorized(['ADMIN', 'MOD'])", Authorized(['ADMIN', 'MOD'])(answer)],
  ["Roles({ roles: ['ADMIN', 'MOD'] })", Roles({ roles: ['ADMIN', 'MOD'] })(answer)],
  ["Roles({ roles: ['ADMIN', 'MOD'], mode: RoleMatchingMode.ANY })", Roles({ roles: ['ADMIN', 'MOD'], mode: RoleMatchingMode.ANY })(answer)],
  ["hasRole(['ADMIN', 'MOD'])", hasRole(['ADMIN', 'MOD'])(answer)],
]

describe.each(authenticatedOnly)('%s', (_name, resolver) => {
  it('needs a caller, and nothing else', async () => {
    expect(await run(auth, schemaOf(resolver), '{ field }', null)).toEqual({ data: null, errors: ['MISSING_TOKEN'], ran: false })
    expect(await run(auth, schemaOf(resolver), '{ field }', {})).toEqual({ data: { field: 'answer' }, errors: [], ran: true })
  })
})

describe.each(anyOfTwo)('%s', (_name, resolver) => {
  it.each<[string, Who, string | null]>([
    ['nobody', null, 'MISSING_TOKEN'],
    ['somebody without a role', {}, 'INSUFFICIENT_PERMISSION'],
    ['somebody with another role', { roles: ['USER'] }, 'INSUFFICIENT_PERMISSION'],
    ['a role in other letters', { roles: ['admin'] }, 'INSUFFICIENT_PERMISSION'],
    ['a role of another client', { roles: ['realm:ADMIN', 'other-app:ADMIN'] }, 'INSUFFICIENT_PERMISSION'],
    ['a permission and a scope of the same name', { permissions: ['ADMIN'], scopes: ['ADMIN'] }, 'INSUFFICIENT_PERMISSION'],
    ['the first role', { roles: ['ADMIN'] }, null],
    ['the second role', { roles: ['USER', 'MOD'] }, null],
    ['a super admin of the settings', { roles: ['root'] }, null],
  ])('decides before execution about %s', async (_who, who, reason) => {
    const given = await run(auth, schemaOf(resolver), '{ field }', who)
    if (reason === null) expect(given).toEqual({ data: { field: 'answer' }, errors: [], ran: true })
    else expect(given).toEqual({ data: null, errors: [reason], ran: false })
  })
})

describe('Roles', () => {
  it.each<[readonly string[], boolean]>([
    [['admin'], false],
    [['realm:admin'], false],
    [['admin', 'realm:admin'], true],
  ])("with mode 'all' needs each of them: %j", async (roles, allowed) => {
    const schema = schemaOf(Roles({ roles: ['admin', 'realm:admin'], mode: 'all' })(answer))
    expect((await run(auth, schema, '{ field }', { roles })).ran).toBe(allowed)
  })

  it('on a class and its method are both needed', async () => {
    const resolver = Roles({ roles: ['editor'] })(Roles({ roles: ['admin'] })(answer))
    expect((await run(auth, schemaOf(resolver), '{ field }', { roles: ['admin'] })).ran).toBe(false)
    expect((await run(auth, schemaOf(resolver), '{ field }', { roles: ['admin', 'editor'] })).ran).toBe(true)
  })
})

describe('what an alias does not support', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['Authorized([])', () => Authorized([]), /^@Authorized: expected at least one role/],
    ['Authorized(undefined)', () => Authorized(undefined as never), /^@Authorized: expected at least one role/],
    ['Authorized(1)', () => Authorized(1 as never), /^@Authorized: expected at least one role/],
    ["Authorized('')", () => Authorized(''), /^@Authorized: expected at least one role/],
    ['Authorized of a list with a hole', () => Authorized(new Array(1) as never), /^@Authorized: expected at least one role/],
    ["Authorized('Shop Admin')", () => Authorized('Shop Admin'), /other roles go by a function/],
    ['Roles()', () => (Roles as AnyFunction)(), /^@Roles: expected an object with roles/],
    ["Roles('admin')", () => Roles('admin' as never), /^@Roles: expected an object with roles/],
    ['Roles({ roles: [] })', () => Roles({ roles: [] }), /^@Roles: expected at least one role/],
    ["Roles({ roles: 'admin' })", () => Roles({ roles: 'admin' as never }), /^@Roles: expected an object with roles/],
    ['Roles with a mode of another name', () => Roles({ roles: ['a'], mode: 'some' as never }), /^@Roles: expected an object with roles/],
    ['Roles with an undefined mode', () => Roles({ roles: ['a'], mode: undefined as never }), /^@Roles: expected an object with roles/],
    ['Roles with an unknown option', () => Roles({ roles: ['a'], merge: 1 } as never), /^@Roles: expected an object with roles/],
    ['Roles with two arguments', () => (Roles as AnyFunction)({ roles: ['a'] }, { roles: ['b'] }), /^@Roles: expected an object with roles/],
    ['hasRole([])', () => hasRole([]), /^hasRole: expected at least one role/],
    ['hasRole(undefined)', () => hasRole(undefined as never), /^hasRole: expected at least one role/],
    ['auth() of nothing', () => authenticated(undefined as never), /^@auth: expected a class, a method/],
    ["hasRole('a')() of nothing", () => hasRole('a')(undefined as never), /^@hasRole: expected a class, a method/],
  ])('%s throws where it is declared', (_name, declare, message) => {
    expect(declare).toThrow(ConfigurationError)
    expect(declare).toThrow(message)
  })
})

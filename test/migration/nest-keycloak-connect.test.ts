import 'reflect-metadata'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import { type INestApplication, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Args, Context, Extensions, GraphQLModule, ID, Query, Resolver } from '@nestjs/graphql'
import type { AuthContext } from '../../src/core/auth-context.js'
import { anyOf } from '../../src/core/rules/rule.js'
import { Public, Resource, RoleMatchingMode, Roles, Scopes } from '../../src/migration/index.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { apolloAuth, type HttpRequest, httpContext } from '../../src/transports/http/index.js'
import { tokenFor } from '../core/support.js'
import { ask } from '../transports/support/http-client.js'
import { openAuth, type Who } from './support.js'

type OperationContext = { readonly auth: AuthContext }

const { auth } = openAuth(['order#view on order'], { access: 'public' })

@Resolver()
@Resource('order')
@Roles({ roles: ['staff', 'realm:staff'] })
class Orders {
  readonly prefix: string = 'order '

  @Query(() => String, { nullable: true })
  list(@Context() _context: OperationContext): string {
    return `${this.prefix}list`
  }

  @Roles({ roles: ['admin', 'realm:sysadmin'], mode: RoleMatchingMode.ALL })
  @Query(() => String, { nullable: true })
  erase(@Args('id', { type: () => ID }) id: string, @Context() _context: OperationContext): string {
    return `${this.prefix}${id}`
  }

  @Query(() => String, { nullable: true })
  @Scopes('view')
  view(@Context() _context: OperationContext): string {
    return `${this.prefix}view`
  }

  @Scopes('view', 'edit')
  @Query(() => String, { nullable: true })
  edit(@Context() _context: OperationContext): string {
    return `${this.prefix}edit`
  }

  @Extensions({ auth: { permissions: anyOf({ roles: 'admin' }, { roles: 'realm:sysadmin' }) } })
  @Query(() => String, { nullable: true })
  early(@Context() _context: OperationContext): string {
    return `${this.prefix}early`
  }

  @Public()
  @Query(() => String, { nullable: true })
  about(): string {
    return `${this.prefix}about`
  }
}

@Module({
  imports: [
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      playground: false,
      transformSchema: (schema) => protectSchema(schema, auth),
      plugins: [apolloAuth(auth)],
      context: ({ req }: { readonly req: HttpRequest }) => httpContext(auth, req),
    }),
  ],
  providers: [Orders],
})
class App {}

let app: INestApplication
let url: string

beforeAll(async () => {
  app = await NestFactory.create(App, { logger: false, abortOnError: false })
  await app.listen(0, '127.0.0.1')
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}/graphql`
})
afterAll(() => app?.close())

describe('the decorators of nest-keycloak-connect, on a resolver of Nest', () => {
  it.each<[string, Who, unknown]>([
    ['{ about }', null, { about: 'order about' }],
    ['{ list }', { roles: ['staff'] }, { list: 'order list' }],
    ['{ list }', { roles: ['realm:staff'] }, { list: 'order list' }],
    ['{ erase(id: 1) }', { roles: ['staff', 'admin', 'realm:sysadmin'] }, { erase: 'order 1' }],
    ['{ view }', { roles: ['staff'] }, { view: 'order view' }],
    ['{ early }', { roles: ['staff', 'realm:sysadmin'] }, { early: 'order early' }],
  ])('%s answers %j', async (query, who, data) => {
    expect((await ask(url, query, who === null ? undefined : tokenFor(who))).body).toEqual({ data })
  })

  it.each<[string, Who, string]>([
    ['{ list }', null, 'MISSING_TOKEN'],
    ['{ list }', { roles: ['other-app:staff'] }, 'INSUFFICIENT_PERMISSION'],
    ['{ erase(id: 1) }', { roles: ['staff', 'admin'] }, 'INSUFFICIENT_PERMISSION'],
    ['{ erase(id: 1) }', { roles: ['admin', 'realm:sysadmin'] }, 'INSUFFICIENT_PERMISSION'],
    ['{ view }', {}, 'INSUFFICIENT_PERMISSION'],
    ['{ edit }', { roles: ['staff'] }, 'INSUFFICIENT_PERMISSION'],
  ])('%s refuses %j', async (query, who, reason) => {
    const { body } = await ask(url, query, who === null ? undefined : tokenFor(who))
    expect(Object.values(body.data ?? { refused: null })).toEqual([null])
    expect(body.errors?.map(({ extensions }) => extensions?.auth?.reason)).toEqual([reason])
  })

  it('a role in the extensions of a method is asked for before anything runs', async () => {
    const { status, body } = await ask(url, '{ about early }', tokenFor({ roles: ['staff'] }))
    expect([status, body.data]).toEqual([403, undefined])
  })
})

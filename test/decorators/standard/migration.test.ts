import { makeExecutableSchema } from '@graphql-tools/schema'
import { describe, expect, it } from '@jest/globals'
import { classResolvers } from '../../../src/decorators/class-resolvers.js'
import { Authorized, Public, Resource, Roles, Scopes } from '../../../src/migration/index.js'
import { openAuth, run, type Who } from '../../migration/support.js'

@Roles({ roles: ['staff'] })
@Resource('order')
class Orders {
  readonly prefix = 'order '

  @Scopes('view')
  view(): string {
    return `${this.prefix}view`
  }

  @Authorized('ADMIN', 'MOD')
  erase(): string {
    return `${this.prefix}erase`
  }

  @Public()
  about(): string {
    return `${this.prefix}about`
  }
}

const { auth } = openAuth(['order#view on order'])
const schema = makeExecutableSchema({
  typeDefs: 'type Query { view: String, erase: String, about: String }',
  resolvers: classResolvers({ Query: Orders }),
})

describe('the aliases as standard decorators', () => {
  it.each<[string, Who, string | null]>([
    ['view', { roles: ['staff'] }, null],
    ['view', {}, 'INSUFFICIENT_PERMISSION'],
    ['erase', { roles: ['staff', 'MOD'] }, null],
    ['erase', { roles: ['staff'] }, 'INSUFFICIENT_PERMISSION'],
    ['erase', { roles: ['MOD'] }, 'INSUFFICIENT_PERMISSION'],
    ['about', null, null],
  ])('%s for %j', async (field, who, reason) => {
    const { data, errors } = await run(auth, schema, `{ ${field} }`, who)
    expect([data, errors]).toEqual(reason === null ? [{ [field]: `order ${field}` }, []] : [null, [reason]])
  })
})

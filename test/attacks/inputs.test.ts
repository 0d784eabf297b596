import { type Attack, describeAttacks } from './support/rows.js'
import { STREAMING } from './support/senders.js'

const SCOPE = 'FORBIDDEN INSUFFICIENT_SCOPE'

/** What may be passed is guarded: what a client writes, and what it filters and sorts by. */
const extension = {
  typeDefs: /* GraphQL */ `
    enum Role { READER ADMIN @requiresScopes(scopes: [["admin"]]) }
    input PersonInput { name: String role: Role = READER salary: Int @requiresScopes(scopes: [["admin"]]) boss: PersonInput team: [PersonInput!] }
    enum Column { NAME SALARY @requiresScopes(scopes: [["admin"]]) }
    input Sort { by: Column! descending: Boolean }
    input Above { value: Int }
    input Filter { name: String salary: Above @requiresScopes(scopes: [["admin"]]) all: [Filter!] not: Filter }
    type Person { name: String salary: Int @requiresScopes(scopes: [["admin"]]) }
    extend type Query {
      people(filter: Filter, sort: [Sort!], limit: Int = 10, path: String @requiresScopes(scopes: [["admin"]])): [Person!] @public
      "Nothing is known of a text: what it names is the resolver's to check."
      peopleBy(path: String): [Person!] @public
    }
    extend type Mutation { updatePerson(input: PersonInput!): String }
    extend type Subscription { people(filter: Filter): [Person!] @public }
  `,
  resolvers: {
    Query: { people: () => [{ name: 'CANARY' }], peopleBy: () => [{ name: 'CANARY' }] },
    Mutation: { updatePerson: () => 'CANARY: updated' },
    Subscription: {
      people: {
        subscribe: async function* () {
          yield [{ name: 'CANARY' }]
        },
        resolve: (value: unknown) => value,
      },
    },
  },
}

interface Passed {
  readonly name: string
  readonly query: string
  readonly variables?: Record<string, unknown>
  /** The coordinates that are refused. */
  readonly refused: readonly string[]
}

const update = (input: string): string => `mutation { updatePerson(input: ${input}) }`
const byVariable = 'mutation ($input: PersonInput!) { updatePerson(input: $input) }'

const WRITTEN: readonly Passed[] = [
  { name: 'an enum value', query: update('{ role: ADMIN }'), refused: ['Role.ADMIN'] },
  { name: 'an enum value in a variable', query: byVariable, variables: { input: { role: 'ADMIN' } }, refused: ['Role.ADMIN'] },
  {
    name: 'an enum value by a variable inside',
    query: 'mutation ($role: Role) { updatePerson(input: { role: $role }) }',
    variables: { role: 'ADMIN' },
    refused: ['Role.ADMIN'],
  },
  { name: "an enum value by a variable's default", query: 'mutation ($role: Role = ADMIN) { updatePerson(input: { role: $role }) }', refused: ['Role.ADMIN'] },
  { name: 'an input field', query: update('{ salary: 1 }'), refused: ['PersonInput.salary'] },
  { name: 'an input field, as null', query: update('{ salary: null }'), refused: ['PersonInput.salary'] },
  {
    name: 'an input field far down',
    query: byVariable,
    variables: { input: { boss: { team: [{ name: 'a' }, { boss: { salary: 1 } }] } } },
    refused: ['PersonInput.salary'],
  },
  { name: 'an enum value in a list of inputs', query: update('{ team: [{ role: READER }, { role: ADMIN }] }'), refused: ['Role.ADMIN'] },
  { name: 'one item in place of a list', query: byVariable, variables: { input: { team: { salary: 2 } } }, refused: ['PersonInput.salary'] },
  { name: 'two fields at once', query: update('{ role: ADMIN, salary: 1 }'), refused: ['PersonInput.salary', 'Role.ADMIN'] },
]

const READ: readonly Passed[] = [
  { name: 'a filter on a guarded column', query: '{ people(filter: { salary: { value: 1 } }) { name } }', refused: ['Filter.salary'] },
  { name: 'a filter within a filter', query: '{ people(filter: { all: [{ not: { salary: { value: 1 } } }] }) { name } }', refused: ['Filter.salary'] },
  {
    name: 'a filter in a variable',
    query: 'query ($filter: Filter) { people(filter: $filter) { name } }',
    variables: { filter: { not: { salary: {} } } },
    refused: ['Filter.salary'],
  },
  { name: 'a sort by a guarded column', query: '{ people(sort: [{ by: NAME }, { by: SALARY }]) { name } }', refused: ['Column.SALARY'] },
  {
    name: 'a sort by a guarded column, one in place of a list',
    query: '{ people(sort: { by: SALARY, descending: true }) { name } }',
    refused: ['Column.SALARY'],
  },
  { name: 'a path in an argument that is guarded', query: '{ people(path: "boss.salary") { name } }', refused: ['Query.people(path:)'] },
]

function attack(id: string, { name, refused, ...attempt }: Passed): Attack {
  const field = attempt.query.startsWith('mutation') || attempt.query.includes('updatePerson') ? 'updatePerson' : 'people'
  return {
    name: `${id} ${name}`,
    ...attempt,
    nulled: { [field]: null },
    // Where fields are nulled, the first refusal is the field's.
    refusals: [`${field} ${SCOPE}`],
    rejections: refused.map((coordinate) => `${coordinate} ${SCOPE}`),
  }
}

describeAttacks([...WRITTEN.map((passed) => attack('B10', passed)), ...READ.map((passed) => attack('B11', passed))], { extension, keeper: { scope: 'admin' } })

describeAttacks(
  [
    {
      name: 'B11 the filter of a subscription',
      query: 'subscription { people(filter: { salary: { value: 1 } }) { name } }',
      nulled: undefined,
      refusals: [`people ${SCOPE}`],
      rejections: [`Filter.salary ${SCOPE}`],
    },
  ],
  { extension, keeper: { scope: 'admin' }, transports: STREAMING },
)

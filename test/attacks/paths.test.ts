import { BEINGS, KEEPER } from './support/beings.js'
import { type Attack, describeAttacks } from './support/rows.js'

const SCOPE = 'FORBIDDEN INSUFFICIENT_SCOPE'

const USER_ONLY = { named: [{ secret: null }, { secret: 'no secret' }] }
const BEINGS_ONLY = { beings: [{ secret: null }, { secret: 'no secret' }] }
const LEAVES = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? { index, value: 'leaf' } : null))
const ODD = LEAVES.flatMap((leaf, index) => (leaf === null ? [index] : []))

/** What shows before execution is one refusal, of the coordinate as it was selected. */
const before = (coordinate: string): Pick<Attack, 'rejections'> => ({ rejections: [`${coordinate} ${SCOPE}`] })

const ATTACKS: readonly Attack[] = [
  {
    name: 'B2 a guarded field, asked for directly',
    query: '{ user { secret } }',
    nulled: { user: { secret: null } },
    refusals: [`user.secret ${SCOPE}`],
    ...before('User.secret'),
  },
  {
    name: 'B2 through an interface that asks nothing',
    query: '{ named { secret } }',
    rejected: USER_ONLY,
    nulled: USER_ONLY,
    refusals: [`named.0.secret ${SCOPE}`],
  },
  {
    name: 'B2 through an interface, under an alias of an open field',
    query: '{ named { name: secret } }',
    rejected: { named: [{ name: null }, { name: 'no secret' }] },
    nulled: { named: [{ name: null }, { name: 'no secret' }] },
    refusals: [`named.0.name ${SCOPE}`],
  },
  {
    name: 'B2 through a fragment on the interface within another interface',
    query: '{ node(id: "user:1") { ... on Named { secret } } }',
    rejected: { node: { secret: null } },
    nulled: { node: { secret: null } },
    refusals: [`node.secret ${SCOPE}`],
  },
  {
    name: 'B2 through node(id:) and a fragment on the type',
    query: '{ node(id: "user:1") { ... on User { secret } } }',
    nulled: { node: { secret: null } },
    refusals: [`node.secret ${SCOPE}`],
    ...before('User.secret'),
  },
  {
    name: 'B2 through nodes(ids:)',
    query: '{ nodes(ids: ["bot:1", "user:1"]) { ... on Named { secret } } }',
    rejected: { nodes: [{ secret: 'no secret' }, { secret: null }] },
    nulled: { nodes: [{ secret: 'no secret' }, { secret: null }] },
    refusals: [`nodes.1.secret ${SCOPE}`],
  },
  {
    name: 'B2 through a union and an interface',
    query: '{ beings { ... on Named { secret } } }',
    rejected: BEINGS_ONLY,
    nulled: BEINGS_ONLY,
    refusals: [`beings.0.secret ${SCOPE}`],
  },
  {
    name: 'B2 through a connection',
    query: '{ users { edges { node { secret } } } }',
    nulled: { users: { edges: [{ node: { secret: null } }] } },
    refusals: [`users.edges.0.node.secret ${SCOPE}`],
    ...before('User.secret'),
  },
  {
    name: 'B2 through a list of the same type, twice over',
    query: '{ user { friends { friends { secret } } } }',
    nulled: { user: { friends: [{ friends: [{ secret: null }] }] } },
    refusals: [`user.friends.0.friends.0.secret ${SCOPE}`],
    ...before('User.secret'),
  },
  {
    name: 'B2 every field of a guarded type',
    query: '{ user { chest { gold label __typename } } }',
    nulled: { user: { chest: { gold: null, label: null, __typename: 'Chest' } } },
    refusals: [`user.chest.gold ${SCOPE}`, `user.chest.label ${SCOPE}`],
    rejections: [`Chest.gold ${SCOPE}`, `Chest.label ${SCOPE}`],
  },
  {
    name: 'B2 under the alias of what nobody guards',
    query: '{ user { __typename: secret } }',
    nulled: { user: { __typename: null } },
    refusals: [`user.__typename ${SCOPE}`],
    ...before('User.secret'),
  },
  {
    name: 'B2 below the query of a mutation',
    query: 'mutation { act { query { user { secret } named { secret } } } }',
    nulled: { act: { query: { user: { secret: null }, ...USER_ONLY } } },
    refusals: [`act.query.user.secret ${SCOPE}`, `act.query.named.0.secret ${SCOPE}`],
    ...before('User.secret'),
  },
  {
    name: 'B2 asked by nobody',
    attacker: null,
    query: '{ named { secret } }',
    rejected: USER_ONLY,
    nulled: USER_ONLY,
    refusals: ['named.0.secret UNAUTHENTICATED MISSING_TOKEN'],
  },
  {
    name: 'B3 a guard on an interface, asked for on the type',
    query: '{ user { hidden } }',
    nulled: { user: { hidden: null } },
    refusals: [`user.hidden ${SCOPE}`],
    ...before('User.hidden'),
  },
  {
    name: 'B3 a guard on an interface, asked for through the interface',
    query: '{ hiding { hidden } }',
    nulled: { hiding: [{ hidden: null }, { hidden: null }] },
    refusals: [`hiding.0.hidden ${SCOPE}`, `hiding.1.hidden ${SCOPE}`],
    ...before('Hiding.hidden'),
  },
  {
    name: 'B3 a guard on an interface, asked for through ... on User',
    query: '{ hiding { ... on User { hidden } } }',
    nulled: { hiding: [{ hidden: null }, {}] },
    refusals: [`hiding.0.hidden ${SCOPE}`],
    ...before('User.hidden'),
  },
  {
    name: 'B3 a guard on an interface, asked for through a union',
    query: '{ beings { ... on Bot { hidden } } }',
    nulled: { beings: [{}, { hidden: null }] },
    refusals: [`beings.1.hidden ${SCOPE}`],
    ...before('Bot.hidden'),
  },
  {
    name: 'B6 one fragment under a parent that is open and one that is not',
    query: 'fragment F on Named { secret } { bot { ...F } user { ...F } }',
    nulled: { bot: { secret: 'no secret' }, user: { secret: null } },
    refusals: [`user.secret ${SCOPE}`],
    ...before('Named.secret'),
  },
  {
    name: 'B6 a fragment that is defined after its use, the denied place first',
    query: '{ user { ...F } bot { ...F } } fragment F on Named { name secret }',
    nulled: { user: { name: 'Ada', secret: null }, bot: { name: 'Marvin', secret: 'no secret' } },
    refusals: [`user.secret ${SCOPE}`],
    ...before('Named.secret'),
  },
  {
    name: 'B6 a fragment in a fragment in an inline fragment',
    query:
      '{ bot { ... on Named { ...Outer } } user { ... { ...Outer } } } fragment Inner on Named { secret } fragment Outer on Named { ... on Named { ...Inner } }',
    nulled: { bot: { secret: 'no secret' }, user: { secret: null } },
    refusals: [`user.secret ${SCOPE}`],
    ...before('Named.secret'),
  },
  {
    name: 'B6 a fragment that another operation of the document uses where it may',
    query: 'query Good { bot { ...F } } query Bad { user { ...F } } fragment F on Named { secret }',
    operationName: 'Bad',
    nulled: { user: { secret: null } },
    refusals: [`user.secret ${SCOPE}`],
    ...before('Named.secret'),
  },
  {
    name: 'B8 @skip by a default that a variable overrules',
    query: 'query ($skip: Boolean! = true) { user { name secret @skip(if: $skip) } }',
    variables: { skip: false },
    nulled: { user: { name: 'Ada', secret: null } },
    refusals: [`user.secret ${SCOPE}`],
    ...before('User.secret'),
  },
  {
    name: 'B8 @include by a default alone',
    query: 'query ($include: Boolean! = true) { user { name ... @include(if: $include) { secret } } }',
    nulled: { user: { name: 'Ada', secret: null } },
    refusals: [`user.secret ${SCOPE}`],
    ...before('User.secret'),
  },
  {
    name: 'B8 a field that is skipped at one place and not at another',
    query: 'query ($no: Boolean!) { user { secret @include(if: $no) } user { secret @skip(if: $no) } }',
    variables: { no: false },
    nulled: { user: { secret: null } },
    refusals: [`user.secret ${SCOPE}`],
    ...before('User.secret'),
  },
  {
    name: 'B17 a guard on a non-null leaf in a list of a hundred',
    query: '{ leaves { index value } }',
    rejected: { leaves: LEAVES },
    nulled: { leaves: LEAVES },
    refusals: ODD.map((index) => `leaves.${index}.value ${SCOPE}`),
  },
]

describeAttacks(ATTACKS, { extension: BEINGS, keeper: KEEPER })

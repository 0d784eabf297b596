import {
  type AdminTest,
  type AuthContext,
  allOf,
  anyOf,
  createAuth,
  NOBODY,
  not,
  type ObjectSelector,
  type OwnerSelector,
  owner,
  type Rule,
  type RuleFunction,
  type RuleOperand,
  requirePerm,
  SUPER_ADMIN_ONLY,
  TENANT_ADMIN_ONLY,
} from '../../../src/index.js'

/** Compiled, never run: what rules may be made of. */

interface Contract {
  readonly id: string
  readonly userId: string | null
  readonly reviewers: readonly number[]
}

interface Context {
  readonly auth: AuthContext
  readonly db: { contract(id: string): Promise<Contract | null> }
}

const isOpen: RuleFunction = (principal, { source, args, context, info }) => principal.kind === 'user' && [source, args, context, info].length === 4
const mine: OwnerSelector = (row: Contract) => row.userId
const object: ObjectSelector = (_source, args: { readonly id: string }, context: Context) => context.db.contract(args.id)

const operands: readonly RuleOperand[] = [
  ...[
    'order.edit',
    ['a', 'b'],
    { anyOf: [['a', 'b'], ['c']] },
    { scopes: 'orders:read' },
    { scopes: ['a', 'b'] },
    { roles: { anyOf: [['editor'], ['chief']] } },
  ],
  ...[isOpen, async () => true, owner(mine), not('suspended'), NOBODY, SUPER_ADMIN_ONLY, [TENANT_ADMIN_ONLY, 'a']],
]
const rule: Rule = anyOf('contract.update.any', allOf('contract.update.own', owner(mine)), ...operands)

owner((row: Contract, principal) => row.reviewers.includes(Number(principal.subject)))
owner((row: Contract) => row.reviewers)
owner(async (row: Contract) => row.userId)
requirePerm(rule)
requirePerm(rule, { object })
requirePerm('order.edit', { owner: (row: Contract) => row.userId, object, tenant: (_source, args: { readonly tenantId: string }) => args.tenantId })

/** A resolver keeps its type under a rule. */
export const updated: (source: unknown, args: { readonly id: string }, context: Context) => Promise<string> = requirePerm(rule, { object })(
  async (_source: unknown, args: { readonly id: string }, _context: Context) => args.id,
)

class Contracts {
  @requirePerm(rule, { object })
  update(_source: unknown, args: { readonly id: string }): string {
    return args.id
  }
}

// @ts-expect-error: a rule has an operand
not()
// @ts-expect-error: one operand has one opposite
not('a', 'b')
// @ts-expect-error: there are no groups
allOf({ groups: 'a' })
// @ts-expect-error: one thing at a time
allOf({ scopes: 'a', roles: 5 })
// @ts-expect-error: a rule answers a boolean
allOf(() => 'yes')
// @ts-expect-error: a rule answers
anyOf(() => undefined)
// @ts-expect-error: an owner is read by a function
owner('userId')
// @ts-expect-error: a column that may not be there has no owner to compare
owner((row: { readonly userId?: string }) => row.userId)
// @ts-expect-error: an id is a text or a number
owner((row: { readonly user: { readonly id: string } }) => row.user)
// @ts-expect-error: a function becomes a rule by allOf
requirePerm(() => true)
// @ts-expect-error: a rule is made, not written
requirePerm({ kind: 'owner' })
// @ts-expect-error: an option is left out, not undefined
requirePerm('a', { owner: undefined })
// @ts-expect-error: there is no such option
requirePerm('a', { row: object })

const root: AdminTest = { role: 'root' }
createAuth({
  backends: [async () => ({ active: false })],
  roles: { editor: ['order.read', 'order.edit'] },
  scopes: { asPermissions: true },
  admins: { super: root, tenant: ({ groups }) => groups.includes('bosses') },
})
// @ts-expect-error: an administrator is known at once
createAuth({ backends: [async () => ({ active: false })], admins: { super: async () => true } })
// @ts-expect-error: a role gives a list
createAuth({ backends: [async () => ({ active: false })], roles: { editor: 'order.read' } })

export const kept: readonly string[] = ({} as Context).auth.permissions
export const unused: readonly unknown[] = [Contracts]

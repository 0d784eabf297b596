import type { Principal } from '../../../src/core/caller/principal.js'
import type { PermissionQuestion, PermissionSource } from '../../../src/core/permissions/source.js'
import { requirePerm } from '../../../src/decorators/require-perm.js'
import type { SchemaExtension } from '../../support/transport-schema.js'

/** A stored row. */
export interface Paper {
  readonly id: string
  readonly owner: string
  readonly text: string
}

/** Rows of two owners, who may read what, and how often anybody asked. */
export interface Archive {
  readonly extension: SchemaExtension
  readonly permissions: PermissionSource
  /** Who asked what, in order. */
  readonly asked: string[]
  /** Ids that were looked up, by the source or by a resolver. */
  readonly lookedUp: string[]
  /** `subject paper` of those who may beside the owner. */
  readonly granted: Set<string>
}

const PAPERS: readonly Paper[] = [
  { id: 'own', owner: 'ada', text: 'my text' },
  { id: 'second', owner: 'ada', text: 'my second text' },
  { id: 'victim', owner: 'bob', text: 'CANARY-text' },
]

/** Papers that are guarded each by its own: the argument of the field names it, or the row does. */
export function openArchive(): Archive {
  const asked: string[] = []
  const lookedUp: string[] = []
  const granted = new Set<string>()
  const find = (id: unknown): Paper | null => {
    lookedUp.push(String(id))
    return PAPERS.find((paper) => paper.id === id) ?? null
  }
  const mayRead = ({ subject, permissions }: Principal, { object }: PermissionQuestion): boolean =>
    find(object)?.owner === subject || granted.has(`${subject} ${String(object)}`) || permissions.includes('everything')
  const byArgument = requirePerm('paper.read', { object: (_: unknown, { id }: { id: string }) => id })
  const byArguments = requirePerm('paper.read', { object: (_: unknown, { ids }: { ids: string[] }) => ids })
  const byRow = requirePerm('paper.read', { object: ({ id }: Paper) => id })
  const change =
    (act: (key: string) => unknown) =>
    (_: unknown, { to, id }: { to: string; id: string }): boolean => {
      act(`${to} ${id}`)
      return true
    }
  return {
    asked,
    lookedUp,
    granted,
    permissions: {
      check(principal, questions) {
        for (const { permission, object } of questions) asked.push(`${principal.subject} ${permission} ${String(object)}`)
        return questions.map((question) => mayRead(principal, question))
      },
    },
    extension: {
      typeDefs: /* GraphQL */ `
        type Paper { id: ID! owner: String text: String sealed: String }
        extend type Query {
          paper(id: ID!): Paper
          papers(ids: [ID!]!): [Paper]
          everyPaper: [Paper!]
        }
        extend type Mutation {
          readPaper(id: ID!): Paper
          grant(to: String!, id: ID!): Boolean
          revoke(to: String!, id: ID!): Boolean
          "Guarded by the paper, and gives it away."
          giveAway(id: ID!): Paper
        }
      `,
      resolvers: {
        Query: {
          paper: byArgument((_: unknown, { id }: { id: string }) => find(id)),
          papers: byArguments((_: unknown, { ids }: { ids: string[] }) => ids.map(find)),
          everyPaper: () => PAPERS,
        },
        Mutation: {
          readPaper: byArgument((_: unknown, { id }: { id: string }) => find(id)),
          grant: change((key) => granted.add(key)),
          revoke: change((key) => granted.delete(key)),
          giveAway: byArgument((_: unknown, { id }: { id: string }) => {
            granted.clear()
            return find(id)
          }),
        },
        Paper: { sealed: byRow(({ text }: Paper) => text) },
      },
    },
  }
}

/** Who may read every paper. */
export const ARCHIVIST = { sub: 'keeper', permissions: ['everything'] }

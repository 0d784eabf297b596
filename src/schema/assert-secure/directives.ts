import { directivesOf } from '../directives.js'
import { AUTH_DIRECTIVES } from '../link.js'
import { directiveUses } from './definitions.js'
import type { Check } from './finding.js'
import { nearest } from './nearest.js'

/** What other libraries and frameworks call directives that say who may do something. */
const FOREIGN: ReadonlySet<string> = new Set(
  ['auth', 'authorize', 'authorized', 'guard', 'isAuth', 'isAuthenticated', 'loggedIn', 'private', 'protected', 'requireAuth', 'requiresAuth'].concat([
    'hasRole',
    'hasRoles',
    'requireRole',
    'requiresRole',
    'hasScope',
    'hasScopes',
    'hasPermission',
    'hasPermissions',
    'can',
    'allow',
    'owner',
    'role',
  ]),
)

/** Directives that look as if they guarded something, and that this package does not enforce. */
export const directiveChecks: readonly Check[] = [
  {
    code: 'misspelled-directive',
    level: 'error',
    *find({ schema }) {
      const ours = directivesOf(schema)
      const defined = new Set(schema.getDirectives().map(({ name }) => name))
      for (const [name, at] of directiveUses(schema)) {
        if (ours.has(name) || defined.has(name)) continue
        const meant = nearest(name, AUTH_DIRECTIVES)
        if (meant === null) continue
        yield { at, message: `@${name} is defined nowhere, and enforced by nobody`, fix: `write @${meant}, or define @${name}` }
      }
    },
  },
  {
    code: 'foreign-directive',
    level: 'warning',
    *find({ schema }) {
      const ours = directivesOf(schema)
      for (const [name, at] of directiveUses(schema)) {
        if (ours.has(name) || !FOREIGN.has(name)) continue
        yield {
          at,
          message: `@${name} is no directive of this package: whoever defined it enforces it, or nobody does`,
          fix: 'see that its own library still wraps this schema, or state the requirement with @authenticated, @requiresScopes or @policy',
        }
      }
    },
  },
]

import { ConfigurationError } from '../core/configuration-error.js'
import type { AnyOf, Names } from '../core/names.js'
import { AUTHENTICATED, type Requirement, type StepUp, scopeRequirement, stepUpRequirement } from '../core/rules/requirement.js'
import { dualDecorator, type ResolverDecorator } from './dual.js'

/** The general form of what {@link requireOAuth} demands. */
export interface OAuthDemand extends StepUp {
  /** Alternatives; each inner list is needed in full. Left out, no scope is needed. */
  readonly anyOf?: readonly (readonly string[])[]
}

/**
 * Demands an authenticated caller whose token carries scopes. `requireOAuth('a b')` and `requireOAuth(['a', 'b'])` need both;
 * `requireOAuth({ anyOf: [['a', 'b'], ['c']] })` is the general form; `requireOAuth()` needs a caller with any good token;
 * `requireOAuth({ acr, maxAge })` needs a stronger or fresher login (RFC 9470).
 *
 * Goes on a method or a class (legacy and TC39 decorators, no reflect-metadata needed), or around a resolver:
 * `requireOAuth('a')(resolver)`. Several on one resolver are all needed. On a class it holds for each member that the class itself declares; for inherited ones too where `classResolvers` builds the map.
 *
 * Does not check permissions, tenants or objects.
 *
 * @throws {ConfigurationError} when a list is empty or a name malformed. The returned decorator throws it on what is not a resolver.
 * @see [RFC 6749 §3.3 – Access Token Scope](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)
 */
export function requireOAuth(...demand: [] | [scopes: Names | OAuthDemand] | [scopes: Names, stepUp: StepUp]): ResolverDecorator {
  return dualDecorator('requireOAuth', oauthRequirement(demand))
}

/** Reads the arguments; `undefined` in the place of the scopes is a mistyped constant, not "any token". */
function oauthRequirement(demand: readonly [] | readonly [Names | OAuthDemand] | readonly [Names, StepUp]): Requirement {
  if (demand.length === 0) return AUTHENTICATED
  if (demand.length > 2) throw new ConfigurationError('requireOAuth', 'scopes and a step-up; several scopes are one list', "['a', 'b'], { maxAge: 300 }")
  const [scopes, stepUp] = demand
  if (demand.length === 2) {
    if (stepUp === undefined) throw new ConfigurationError('requireOAuth', 'a step-up, or no second argument', '{ maxAge: 300 }')
    return scopeRequirement(scopes as Names, stepUp)
  }
  if (typeof scopes === 'string' || Array.isArray(scopes)) return scopeRequirement(scopes)
  if (typeof scopes !== 'object' || scopes === null) {
    throw new ConfigurationError('requireOAuth', 'scopes, or no argument for any authenticated caller', "'orders:read'")
  }
  const { anyOf, ...rest } = scopes as OAuthDemand
  if (Object.hasOwn(scopes, 'anyOf')) return scopeRequirement({ anyOf: anyOf as AnyOf }, rest)
  if (Object.keys(rest).length === 0) {
    throw new ConfigurationError('requireOAuth', 'anyOf, acr or maxAge', "{ anyOf: [['a', 'b'], ['c']] } or { maxAge: 300 }")
  }
  return stepUpRequirement(rest)
}

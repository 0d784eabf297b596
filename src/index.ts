export type { Audit, AuditLogger, LeaseEnd } from './core/audit.js'
export type { Auth } from './core/auth.js'
export type { AuthContext } from './core/auth-context.js'
export type { BackendHost, TokenBackend, VerifiedToken } from './core/backend.js'
export { authCacheKey } from './core/cache-key.js'
export type { Authentication } from './core/caller/authentication.js'
export type { Carrier, Credentials } from './core/caller/credentials.js'
export type { Principal } from './core/caller/principal.js'
export type { Catalogue } from './core/catalogue.js'
export { ConfigurationError } from './core/configuration-error.js'
export {
  AUTH_ERROR_CODES,
  AuthError,
  type AuthErrorCode,
  AuthenticationError,
  AuthorizationError,
  BackendUnavailableError,
  InsufficientAuthenticationError,
  InsufficientPermissionError,
  InsufficientScopeError,
  InvalidTokenError,
  MalformedTokenError,
  MissingTokenError,
  TokenExpiredError,
  TokenRevokedError,
} from './core/errors.js'
export type { Lease } from './core/lease.js'
export { type ExceededLimit, LIMIT_ERROR_CODES, type LimitErrorCode, LimitExceededError } from './core/limit-exceeded-error.js'
export type { LimitName, LimitSettings } from './core/limits.js'
export type { AnyOf, Names } from './core/names.js'
export type { AdminTest } from './core/permissions/grants.js'
export type { PermissionContext, PermissionQuestion, PermissionSource } from './core/permissions/source.js'
export { NOBODY, SUPER_ADMIN_ONLY, TENANT_ADMIN_ONLY } from './core/permissions/special.js'
export { REASONS, type Reason, type Refusal } from './core/refusal.js'
export type { AuthorizationReport, ReportedRefusal, ResultPath } from './core/report.js'
export type { OwnerSelector, Owners, Rule, RuleArguments, RuleFunction } from './core/rules/node.js'
export type { ObjectSelector, Requirement, StepUp, TenantSelector } from './core/rules/requirement.js'
export { allOf, anyOf, not, owner, type RuleOperand } from './core/rules/rule.js'
export { type AuthSettings, createAuth, type GatehouseAuth } from './create-auth.js'
export { classResolvers } from './decorators/class-resolvers.js'
export type { MemberDecorator, ResolverDecorator } from './decorators/dual.js'
export { publicAccess } from './decorators/public-access.js'
export { type OAuthDemand, requireOAuth } from './decorators/require-oauth.js'
export { type PermOptions, requirePerm } from './decorators/require-perm.js'
export { type Finding, InsecureSetupError } from './schema/assert-secure/check-secure.js'
export { authTypeDefs, publicTypeDefs } from './schema/directives.js'
export type { ExplainQuestion } from './schema/explain/explain.js'
export type {
  CallerExplanation,
  ClauseExplanation,
  ConcreteExplanation,
  CoordinateExplanation,
  Dependence,
  Explanation,
  NameExplanation,
  SourceExplanation,
  Verdict,
} from './schema/explain/explanation.js'
export { printExplanation } from './schema/explain/print.js'
export { printAuthDirectives } from './schema/federation-sdl.js'
export { printRequirements } from './schema/print-requirements.js'
export { protectSchema } from './schema/protect-schema.js'
export type { CoordinateRule, RequirementTable } from './schema/requirement-table.js'
export { requirementTable } from './schema/table-of-schema.js'

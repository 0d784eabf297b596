import type { Check } from './finding.js'
import { namesOf } from './names.js'

/** Code of the finding that the engine has already written to the audit log when it was made. */
export const DRY_RUN = 'dry-run'

/** Settings that loosen what the schema says. */
export const settingsChecks: readonly Check[] = [
  {
    code: DRY_RUN,
    level: 'warning',
    *find({ settings }) {
      if (settings.dryRun)
        yield { at: ['dryRun'], message: 'nobody is refused anything, and a bad token counts as none', fix: 'take dryRun out of the settings' }
    },
  },
  {
    code: 'public-introspection',
    level: 'warning',
    *find({ settings: { access, introspection } }) {
      if (access !== 'private' || introspection !== 'public') return
      yield {
        at: ['introspection'],
        message: 'everybody may read the schema of an API that is otherwise private',
        fix: "leave introspection out of the settings, or set it to 'filtered'",
      }
    },
  },
  {
    code: 'scopes-unchecked',
    level: 'warning',
    *find({ settings, table }) {
      if (settings.scopesEnabled) return
      const at = table.rules.filter(({ requirements }) => requirements.some((requirement) => namesOf(requirement, 'scopes').length > 0))
      if (at.length === 0) return
      yield {
        at: at.map(({ coordinate }) => coordinate),
        message: 'scopes are asked for, and scopes.enabled: false leaves them unchecked',
        fix: 'take scopes.enabled out of the settings, or the scopes out of the requirements',
      }
    },
  },
  {
    code: 'missing-audience',
    level: 'error',
    *find({ settings: { backends } }) {
      if (backends.length < 2) return
      for (const { name, loosened = [] } of backends) {
        if (!loosened.includes('dangerouslyAcceptMissingAudience')) continue
        yield {
          at: [name],
          message: 'of several issuers, one may send tokens that were not made for this API',
          fix: 'set the audience at that issuer, and take dangerouslyAcceptMissingAudience out of the settings',
        }
      }
    },
  },
  {
    code: 'dangerous-option',
    level: 'warning',
    *find({ settings: { backends } }) {
      for (const { name, loosened = [] } of backends) {
        for (const option of loosened) yield { at: [name], message: `${option} is on`, fix: 'take it out where people depend on this server' }
      }
    },
  },
]

/**
 * A setting, decorator or schema that cannot be right. Thrown at start-up, before anything is served; never shown to a client.
 * The message names the option, what was expected, and an example; it never repeats the value, which may be a secret.
 */
export class ConfigurationError extends TypeError {
  /** Stable code of every configuration error. */
  readonly code = 'ERR_GATEHOUSE_CONFIGURATION'
  /** The option at fault, as a path into the settings: `backends[0].audience`. */
  readonly option: string

  constructor(option: string, expected: string, example?: string, options?: { readonly cause?: unknown }) {
    super(`${option}: expected ${expected}${example === undefined ? '' : `, for example ${example}`}`, options)
    this.option = option
  }

  override get name(): string {
    return 'ConfigurationError'
  }
}

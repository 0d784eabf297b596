import type { Requirement } from '../core/rules/requirement.js'

/** A coordinate that the operation selects and that no possible concrete type leaves open. */
export interface PlannedCheck {
  /** As selected: `Type.field`, where the type may be abstract. */
  readonly coordinate: string
  /** One list for each possible concrete type; the coordinate is refused when every list refuses. */
  readonly alternatives: readonly (readonly Requirement[])[]
}

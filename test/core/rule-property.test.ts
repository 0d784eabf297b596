import { describe, expect, it } from '@jest/globals'
import { judge } from '../../src/core/decisions/decision.js'
import { enforce } from '../../src/core/decisions/enforcement.js'
import type { Rule, RuleFunction } from '../../src/core/rules/node.js'
import { permissionRequirement } from '../../src/core/rules/requirement.js'
import { allOf, anyOf, not } from '../../src/core/rules/rule.js'
import { bearer, believes, engine, NOW, principal, tokenFor } from './support.js'

/** A rule as a sentence about leaves: what each leaf answers, and how it answers it. */
type Model =
  | { readonly kind: 'leaf'; readonly how: 'known' | 'at once' | 'later' | 'fails' | 'rejects'; readonly holds: boolean }
  | { readonly kind: 'allOf' | 'anyOf' | 'not'; readonly parts: readonly Model[] }

/** The same numbers in every run of one seed. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

function randomModel(next: () => number, depth: number, failures: boolean): Model {
  const kinds = depth === 0 ? (['leaf'] as const) : (['leaf', 'allOf', 'anyOf', 'not', 'allOf', 'anyOf'] as const)
  const kind = kinds[Math.floor(next() * kinds.length)] ?? 'leaf'
  if (kind !== 'leaf')
    return { kind, parts: Array.from({ length: kind === 'not' ? 1 : 1 + Math.floor(next() * 3) }, () => randomModel(next, depth - 1, failures)) }
  const hows = failures ? (['known', 'at once', 'later', 'fails', 'rejects'] as const) : (['known', 'at once', 'later'] as const)
  return { kind, how: hows[Math.floor(next() * hows.length)] ?? 'known', holds: next() < 0.5 }
}

const FUNCTIONS: Readonly<Record<string, (holds: boolean) => RuleFunction>> = {
  'at once': (holds) => () => holds,
  later: (holds) => async () => holds,
  fails: () => () => undefined as never,
  rejects: () => () => Promise.reject(new Error('no answer')),
}

function ruleOf(model: Model): Rule {
  if (model.kind === 'leaf') return allOf(FUNCTIONS[model.how]?.(model.holds) ?? (model.holds ? 'held' : 'missing'))
  const parts = model.parts.map(ruleOf)
  return model.kind === 'not' ? not(parts[0] as Rule) : model.kind === 'allOf' ? allOf(...parts) : anyOf(...parts)
}

/** What the rule comes to when every leaf says what `said` makes of it: plain logic, which knows nothing of the evaluation. */
function truth(model: Model, said: (leaf: Model & { readonly kind: 'leaf' }) => boolean): boolean {
  if (model.kind === 'leaf') return said(model)
  if (model.kind === 'not') return !truth(model.parts[0] as Model, said)
  return model.kind === 'allOf' ? model.parts.every((part) => truth(part, said)) : model.parts.some((part) => truth(part, said))
}

/** Whether the rule can come to this when the leaves of some kinds may say anything: each leaf stands in one place, so each is free by itself. */
function can(model: Model, outcome: boolean, isFree: (how: string) => boolean): boolean {
  if (model.kind === 'leaf') return isFree(model.how) || model.holds === outcome
  if (model.kind === 'not') return can(model.parts[0] as Model, !outcome, isFree)
  const isForAll = (model.kind === 'allOf') === outcome
  return isForAll ? model.parts.every((part) => can(part, outcome, isFree)) : model.parts.some((part) => can(part, outcome, isFree))
}

const SEEDS = [1, 2, 3, 4, 5]
const PER_SEED = 400

async function caller(): Promise<Parameters<typeof enforce>[1]> {
  const { auth } = engine([believes], {})
  return auth.createContext(await auth.authenticate(bearer(tokenFor({ permissions: ['held'] }))))
}

const NOTHING = { source: undefined, args: {}, context: {}, info: null }

describe('random rules', () => {
  it.each(SEEDS)('allow exactly when plain logic says so, with seed %i', async (seed) => {
    const next = numbers(seed)
    const auth = await caller()
    const wrong: Model[] = []
    for (let index = 0; index < PER_SEED; index += 1) {
      const model = randomModel(next, 4, false)
      const refusal = await enforce([permissionRequirement(ruleOf(model))], auth, NOTHING)
      if ((refusal === null) !== truth(model, ({ holds }) => holds)) wrong.push(model)
    }
    expect(wrong).toEqual([])
  })

  it.each(SEEDS)('are settled before execution exactly when nothing that is open can change them, with seed %i', (seed) => {
    const next = numbers(seed + 100)
    const ada = principal({ permissions: ['held'] })
    const wrong: unknown[] = []
    let settled = 0
    for (let index = 0; index < PER_SEED; index += 1) {
      const model = randomModel(next, 3, true)
      const verdict = judge(permissionRequirement(ruleOf(model)), ada, NOW, { scopesEnabled: true })
      const isOpen = (how: string): boolean => how !== 'known'
      if (verdict !== 'open') settled += 1
      const expected = !can(model, true, isOpen) ? 'refused' : can(model, false, isOpen) ? 'open' : 'met'
      if ((typeof verdict === 'string' ? verdict : 'refused') !== expected) wrong.push({ model, verdict, expected })
    }
    expect(wrong).toEqual([])
    expect(settled).toBeGreaterThan(PER_SEED / 10)
  })

  it.each(SEEDS)('never allow what a part that cannot say could have refused, with seed %i', async (seed) => {
    const next = numbers(seed + 200)
    const auth = await caller()
    const wrong: Model[] = []
    let allowed = 0
    for (let index = 0; index < PER_SEED; index += 1) {
      const model = randomModel(next, 3, true)
      const refusal = await enforce([permissionRequirement(ruleOf(model))], auth, NOTHING)
      if (refusal !== null) continue
      allowed += 1
      if (can(model, false, (how) => how === 'fails' || how === 'rejects')) wrong.push(model)
    }
    expect(wrong).toEqual([])
    expect(allowed).toBeGreaterThan(PER_SEED / 10)
  })
})

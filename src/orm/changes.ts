import { z } from 'zod'
import { ConfigurationError } from '../core/configuration-error.js'
import { flag, hint, parseOptions } from '../core/options.js'
import type { ChangeEvent, EventBus } from '../events/bus.js'
import { liveOptions, type ModelClass, topicOf } from './live.js'

/** Options of {@link changes}. */
export interface ChangesOptions {
  /**
   * The subscriber's tenant, such as `context.auth.principal.tenant`: only events of its rows are delivered. `null` is a subscriber
   * without a tenant, who gets the events of rows without one. Needed for a model that has tenants.
   */
  readonly tenant?: string | null
  /** Delivers the events of all tenants. For a server's own use: an operator's view, a cache. @default false */
  readonly dangerouslyAllTenants?: boolean
  /** Ends the subscription when it aborts. */
  readonly signal?: AbortSignal
}

const optionsShape = z.strictObject(
  {
    tenant: z.string(hint('a tenant or null', "'tenant-1'")).nullable().optional(),
    dangerouslyAllTenants: flag().optional(),
    signal: z
      .custom<AbortSignal>(
        (value) => typeof (value as Partial<AbortSignal> | null)?.aborted === 'boolean',
        hint('an AbortSignal', 'new AbortController().signal'),
      )
      .optional(),
  },
  hint('an object', '{ tenant: auth.principal.tenant }'),
)

/**
 * Subscribes to the change events of a live model, from this call on: what the `subscribe` of a subscription field returns.
 *
 * Does not check what the subscriber may read beyond the tenant, and brings no values: the field's `resolve` loads the row by the
 * event's id and answers as the subscriber. Does not end with the caller's lease; the transport sees to that.
 *
 * @throws {ConfigurationError} when the model is not live, when it has tenants and none is given, or when it has none and one is.
 */
export function changes(bus: EventBus, model: ModelClass, options: ChangesOptions = {}): AsyncIterableIterator<ChangeEvent> {
  const { tenant, dangerouslyAllTenants = false, signal } = parseOptions(optionsShape, options, 'changes')
  const live = liveOptions(model)
  if (live === null) throw new ConfigurationError('changes: model', `a live model, which ${model.name} is not`, "@Live({ tenant: 'tenantId' })")
  if (live.tenant !== undefined && (tenant === undefined) !== dangerouslyAllTenants) {
    throw new ConfigurationError('changes: tenant', `the subscriber's tenant, because ${model.name} has tenants`, '{ tenant: auth.principal.tenant }')
  }
  if (live.tenant === undefined && tenant !== undefined) throw new ConfigurationError('changes: tenant', `nothing, because ${model.name} has no tenants`)
  const events = bus.subscribe<ChangeEvent>(topicOf(model, live), signal)
  return filter(events, (event) => event.model === model.name && (tenant === undefined || event.tenant === tenant))
}

/** Passes on what is accepted. Not a generator: its `return()` would wait for an event that may never come. */
function filter<Item>(source: AsyncIterableIterator<Item>, accepts: (item: Item) => boolean): AsyncIterableIterator<Item> {
  let last: Promise<unknown> = Promise.resolve()
  const pull = async (): Promise<IteratorResult<Item>> => {
    for (;;) {
      const result = await source.next()
      if (result.done === true || accepts(result.value)) return result
    }
  }
  return {
    next() {
      // One pull at a time: a refused item would let a later call overtake an earlier one.
      const next = last.then(pull)
      last = next.catch(() => undefined)
      return next
    },
    return: (value) => source.return?.(value) ?? Promise.resolve({ done: true, value }),
    throw: (error) => source.throw?.(error) ?? Promise.reject(error),
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

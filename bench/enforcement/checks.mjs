import { deepStrictEqual } from 'node:assert'
import { MARK } from '../support/model.mjs'

/**
 * Refuses to measure what does not protect: holds every caller against every document, and throws on the first answer that is not what
 * it has to be. Whoever may read gets the data of the base; nobody else gets one value of a guarded leaf, and everybody else an error.
 */
export async function checkProtection(name, { asked, base, guarded, decidesAtRunTime = false, protectsNothing = false }) {
  for (const [operation, source] of Object.entries(asked.documents)) {
    const ask = (server, caller) => answerOf(() => server.run(source, server.contextOf(caller)))
    const at = (caller) => `${name}, ${operation}, ${caller}`
    expectData(at('base'), await ask(base, 'anonymous'), asked.data[operation])
    expectData(at('allowed'), await ask(guarded, 'allowed'), asked.data[operation])
    if (protectsNothing) continue
    for (const caller of ['anonymous', 'unscoped', 'halfScoped']) expectNothing(at(caller), await ask(guarded, caller))
    if (decidesAtRunTime) expectNulls(at('halfScoped'), await ask(guarded, 'halfScoped'))
  }
}

/** A server that catches what its executor throws answers with it. */
async function answerOf(run) {
  try {
    return await run()
  } catch (error) {
    return { errors: [error] }
  }
}

function expectData(where, { data, errors }, expected) {
  if (errors !== undefined) throw new Error(`${where}: refused, with ${errors.map(({ message }) => message).join('; ')}`)
  deepStrictEqual(JSON.parse(JSON.stringify(data)), expected, `${where}: other data than asked for`)
}

function expectNothing(where, { data, errors }) {
  if (JSON.stringify(data ?? null).includes(MARK)) throw new Error(`${where}: got what it may not read`)
  if (errors === undefined || errors.length === 0) throw new Error(`${where}: got no error`)
}

/** It ran, and the guards at the leaves refused: else the run would measure something else than them. */
function expectNulls(where, { data }) {
  if (data === null || data === undefined) throw new Error(`${where}: refused before it ran, so that no guard was asked`)
}

import { executor } from './executor.mjs'
import { compared, plainSchema } from './schema.mjs'

/** Without auth on both sides: what they differ by is what the figures of a run are off by. */
export const nothing = { ...compared(executor(plainSchema()), executor(plainSchema())), protectsNothing: true }

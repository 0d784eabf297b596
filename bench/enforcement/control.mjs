import { envelopExecutor } from './executor.mjs'
import { compared, plainSchema } from './schema.mjs'

/** Without auth on both sides: what they differ by is what the figures of a run are off by. */
export const nothing = { ...compared(envelopExecutor(plainSchema()), envelopExecutor(plainSchema())), protectsNothing: true }

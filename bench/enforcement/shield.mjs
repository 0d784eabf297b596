import { applyMiddleware } from 'graphql-middleware'
import { rule, shield } from 'graphql-shield'
import { leaves } from '../support/model.mjs'
import { executor } from './executor.mjs'
import { compared, holds, plainSchema } from './schema.mjs'

const demand = (scope) => rule()((_source, _args, context) => holds(context, scope))
const all = (fields, demanded) => Object.fromEntries(fields.map((field) => [field, demanded]))
const details = demand('details')
const middleware = shield({ Query: all(['me', 'items'], demand('read')), User: all(leaves.User, details), Item: all(leaves.Item, details) })

/** Base: the same schema, without the middleware. */
export const rules = compared(executor(plainSchema()), executor(applyMiddleware(plainSchema(), middleware)))

import authz from '@graphql-authz/core'
import authzEnvelop from '@graphql-authz/envelop-plugin'
import { leaves } from '../support/model.mjs'
import { executor } from './executor.mjs'
import { compared, holds, plainSchema } from './schema.mjs'

const declared = {
  MayRead: authz.preExecRule()((context) => holds(context, 'read')),
  MaySeeDetails: authz.preExecRule()((context) => holds(context, 'details')),
}

function schemaOf() {
  const schema = plainSchema()
  const demand = (typeName, fields, name) => {
    for (const field of fields)
      schema.getType(typeName).getFields()[field].extensions = { authz: { directives: [{ name: 'authz', arguments: { rules: [name] } }] } }
  }
  demand('Query', ['me', 'items'], 'MayRead')
  for (const [typeName, fields] of Object.entries(leaves)) demand(typeName, fields, 'MaySeeDetails')
  return schema
}

/** Base: the same schema, without the plugin. */
export const rules = compared(executor(schemaOf()), executor(schemaOf(), [authzEnvelop.authZEnvelopPlugin({ rules: declared })]))

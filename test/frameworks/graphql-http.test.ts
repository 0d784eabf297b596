import { describeSameOverHttp } from './support/behaviour.js'
import { describeInvalidDocuments } from './support/differences.js'

describeSameOverHttp({ name: 'graphql-http' })
describeInvalidDocuments({ name: 'graphql-http' }, 401)

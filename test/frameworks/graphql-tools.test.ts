import { describeSameOverHttp } from './support/behaviour.js'

describeSameOverHttp({ name: 'graphql-tools' })

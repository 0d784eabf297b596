// Starts the demo, says what to open, and stops it on Ctrl+C.
import { ConfigurationError } from 'graphql-gatehouse'
import { startDemo } from './server.js'

const DEFAULT_PORT = 4000

function portFrom(setting: string | undefined): number {
  if (setting === undefined || setting === '') return DEFAULT_PORT
  const port = Number(setting)
  if (!/^\d+$/.test(setting) || port > 65_535) fail(`PORT is not a port: give a whole number from 0 to 65535, such as PORT=4001, or 0 for any free one.`)
  return port
}

function fail(line: string): never {
  console.error(line)
  process.exit(1)
}

const port = portFrom(process.env.PORT)
const demo = await startDemo(port).catch((error: NodeJS.ErrnoException) => {
  if (error instanceof ConfigurationError) fail(error.message)
  if (error.code === 'EADDRINUSE') fail(`Port ${port} is taken by another program. Choose another one: PORT=${port === 65_535 ? 4000 : port + 1} npm start`)
  if (error.code === 'EACCES') fail(`Port ${port} is not yours to open. Choose one above 1023: PORT=4001 npm start`)
  throw error
})

console.log(`
  Gatehouse · the counter

  Page       ${demo.url}/
  GraphiQL   ${demo.url}/graphiql
  GraphQL    ${demo.url}/graphql   (HTTP, SSE, graphql-ws; Socket.IO on /socket.io)
  Logins     ${demo.issuer}   (development identity provider)

  Stop it with Ctrl+C.
`)

let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second Ctrl+C does not wait.
    if (stopping) process.exit(130)
    stopping = true
    demo.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}

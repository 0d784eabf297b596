import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RunningServer } from './http-serving.js'

/** Listens on a free port of the loopback address. */
export function listen(server: Server, path = '/graphql'): Promise<RunningServer> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      resolve({
        url: `http://127.0.0.1:${port}${path}`,
        close: () =>
          new Promise((closed, failed) => {
            server.close((error) => (error === undefined ? closed() : failed(error)))
            server.closeAllConnections()
          }),
      })
    })
  })
}

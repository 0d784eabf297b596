// Runs the Auth0 simulator on loopback: node auth0-server.cjs <folder that it is installed in> <port> <settings as JSON>
// CommonJS, because its module build cannot run rules.
const { createRequire } = require('node:module')
const { join } = require('node:path')

const [home, port, settings] = process.argv.slice(2)
const { users, ...options } = JSON.parse(settings)
const { simulation } = createRequire(join(home, 'package.json'))('@simulacrum/auth0-simulator')

simulation({ initialState: { users }, options: { ...options, rulesDirectory: 'rules' } }).listen(Number(port), '127.0.0.1')

// What auth costs over HTTP, beside what a user would pick instead. Run `npm run build` in the folder above first.

import autocannon from 'autocannon'
import { exportJWK, exportSPKI, generateKeyPair } from 'jose'
import { BODY, checkServer } from './http/checks.mjs'
import { startChild } from './support/child.mjs'
import { serveKeys, signToken } from './support/issuer.mjs'
import { mediansOf, microseconds, shareOf } from './support/measure.mjs'
import { conditions, markdownTable, percent, progress, readOptions } from './support/report.mjs'

const CONNECTIONS = 24
const TOKENS = 64
/** Milliseconds that a server may take to start, and to answer. */
const PATIENCE = 20_000

/** In the order of the table. Each is compared with the last one before it that is a base. */
const SERVERS = [
  { name: 'Yoga, no auth', file: 'yoga', server: 'no auth', claims: 'none', base: true },
  { name: 'the same once more', file: 'yoga', server: 'no auth', claims: 'none' },
  { name: 'Yoga + gatehouse', file: 'yoga', server: 'gatehouse', claims: 'scopes' },
  { name: 'Yoga + generic-auth + jose', file: 'yoga', server: 'generic-auth and jose', claims: 'scopes' },
  { name: 'Yoga + useJWT (authentication only)', file: 'yoga', server: 'useJWT', claims: 'authentication' },
  { name: 'Apollo, no auth', file: 'apollo', server: 'no auth', claims: 'none', base: true },
  { name: 'Apollo + gatehouse', file: 'apollo', server: 'gatehouse', claims: 'scopes' },
  { name: 'Apollo + jose (authentication only)', file: 'apollo', server: 'jose', claims: 'authentication' },
  { name: 'Apollo + jose + shield', file: 'apollo', server: 'jose and shield', claims: 'scopes' },
  { name: 'graphql-http, no auth', file: 'graphql-http', server: 'no auth', claims: 'none', base: true },
  { name: 'graphql-http + gatehouse', file: 'graphql-http', server: 'gatehouse', claims: 'scopes' },
]

const options = readOptions({ turn: 3000, turns: 5 })
const wanted = withBases(SERVERS).filter(({ name, base }) => base === name || name.includes(options.only))
const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
const keys = await serveKeys({ keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' }] })
const sign = (number, scope) => signToken(privateKey, { alg: 'RS256', issuer: keys.issuer, number, scope })
const allowed = await Promise.all(Array.from({ length: TOKENS }, (_, number) => sign(number, 'read details')))
const pem = await exportSPKI(publicKey)
const callers = { allowed, unscoped: await sign(TOKENS, 'nothing'), tampered: withSignatureOf(allowed[0], allowed[1]) }

const running = []
try {
  for (const entry of wanted) {
    const server = { ...entry, ...startChild('http/child.mjs', [entry.file, entry.server]) }
    running.push(server)
    const { url } = await server.ask({ issuer: keys.issuer, pem }, PATIENCE)
    Object.assign(server, { url, expected: await checkServer(server, url, callers) })
  }
  progress(options, `${running.length} servers answer, and protect what they claim to.`)
  for (const server of running) await takeTurn(server, 1000)
  print(await takeRounds())
} finally {
  await Promise.all(running.map(({ stop }) => stop()))
  keys.close()
}

async function takeRounds() {
  const costs = new Map(running.map(({ name }) => [name, { wall: [], cpu: [] }]))
  for (let round = 0; round < options.turns; round += 1) {
    progress(options, `Round ${round + 1} of ${options.turns} …`)
    for (const server of round % 2 === 0 ? running : running.toReversed()) {
      const { wall, cpu } = await takeTurn(server, options.turn)
      costs.get(server.name).wall.push(wall)
      costs.get(server.name).cpu.push(cpu)
    }
  }
  return costs
}

/** Microseconds of time, and of the server's CPU time, for one request. */
async function takeTurn({ name, url, ask, expected }, milliseconds) {
  const before = await ask('usage', PATIENCE)
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: milliseconds / 1000,
    verifyBody: (body) => body.toString() === expected,
    requests: allowed.map((token) => ({ method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` }, body: BODY })),
  })
  const after = await ask('usage', PATIENCE)
  const { errors, timeouts, mismatches, non2xx, '2xx': answered } = result
  if (errors + timeouts + mismatches + non2xx > 0 || answered === 0) {
    throw new Error(`${name}: ${answered} answers, ${errors} errors, ${timeouts} timeouts, ${mismatches} other bodies, ${non2xx} other statuses`)
  }
  return { wall: (result.duration * 1e6) / answered, cpu: (after.user - before.user + after.system - before.system) / answered }
}

function print(costs) {
  const samplesOf = (kind) => new Map([...costs].map(([name, samples]) => [name, samples[kind]]))
  const [wall, cpu] = [samplesOf('wall'), samplesOf('cpu')]
  const [wallMedians, cpuMedians] = [mediansOf(wall), mediansOf(cpu)]
  console.log(`${conditions(options)} ${CONNECTIONS} connections, RS256, ${TOKENS} distinct tokens.\n`)
  console.log(
    markdownTable(
      ['', 'requests/s', '% of own base', 'CPU µs/request', '% of own base'],
      running.map(({ name, base }) => [
        name,
        Math.round(1e6 / wallMedians.get(name)),
        percent(shareOf(wall, name, base)),
        microseconds(cpuMedians.get(name)),
        percent(shareOf(cpu, name, base)),
      ]),
    ),
  )
}

function withBases(servers) {
  let base = ''
  return servers.map((server) => {
    if (server.base === true) base = server.name
    return { ...server, base }
  })
}

/** A good token with a signature that is somebody else's. */
function withSignatureOf(token, other) {
  return [...token.split('.').slice(0, 2), other.split('.')[2]].join('.')
}

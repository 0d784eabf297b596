import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js'

/** What every page calls its provider and its API. */
const ISSUER = 'https://sso.example.com/'
const AUDIENCE = 'https://orders.example.com'

/** A server that was started by the code of a page. */
export interface Page {
  readonly issuer: TestIssuer
  /** `host:port` of the page's server. */
  readonly address: string
  close(): Promise<void>
}

/** What is changed in the code before it runs. */
export interface Change {
  /** Settings that the page does not have, as code. */
  readonly settings?: string
  /** A piece of the code, and what stands in its place. It must be there. */
  readonly replace?: readonly (readonly [from: string, to: string])[]
}

const root = process.cwd()

/** The complete program of a page: its first block of TypeScript. */
export async function programOf(page: string): Promise<string> {
  const text = await readFile(join(root, 'docs', 'frameworks', `${page}.md`), 'utf8')
  const program = /```ts\n([\s\S]*?)```/.exec(text)?.[1]
  if (program === undefined) throw new Error(`docs/frameworks/${page}.md has no program`)
  return program
}

/**
 * Runs the program of a page as it stands there, but for the provider, which is a test issuer, the audit log, which is silent, and
 * the port, which is a free one of the loopback address.
 */
export async function startPage(page: string, { settings = '', replace = [] }: Change = {}): Promise<Page> {
  const issuer = await createTestIssuer({ audience: AUDIENCE })
  const code = [
    [ISSUER, issuer.issuer] as const,
    ['createAuth({', `createAuth({ audit: { logger: pino({ level: 'silent' }) }, ${settings}`] as const,
    ...replace,
  ].reduce(replaced, await programOf(page))
  const folder = await scratch()
  const file = join(folder, `${page}.ts`)
  await writeFile(file, `import { pino } from 'pino'\n${await withSources(code)}`)
  const servers: Server[] = []
  const restore = listenOnLoopback(servers)
  try {
    await import(pathToFileURL(file).href)
    const address = await listening(servers)
    return {
      issuer,
      address,
      async close() {
        for (const server of servers) {
          server.close()
          ;(server as Server & { closeAllConnections?(): void }).closeAllConnections?.()
        }
        await issuer.close()
      },
    }
  } catch (error) {
    await issuer.close()
    throw error
  } finally {
    restore()
    await rm(folder, { recursive: true, force: true })
  }
}

function replaced(code: string, [from, to]: readonly [string, string]): string {
  if (!code.includes(from)) throw new Error(`the page does not say ${from}`)
  return code.replace(from, () => to)
}

async function scratch(): Promise<string> {
  const parent = join(root, '.cache', 'frameworks')
  await mkdir(parent, { recursive: true })
  return mkdtemp(join(parent, 'page-'))
}

/** The page names the package; here its name means the sources. */
async function withSources(code: string): Promise<string> {
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { exports: Record<string, { types: string } | string> }
  return code.replace(/'graphql-gatehouse((?:\/[\w-]+)*)'/g, (_, entry: string) => {
    const target = exports[`.${entry}`]
    if (target === undefined || typeof target === 'string') throw new Error(`graphql-gatehouse${entry} is no entry of the package`)
    return `'${join(root, target.types.replace('./dist/', 'src/').replace('.d.ts', '.ts'))}'`
  })
}

/** Whatever port and host a program asks for, it gets a free port of the loopback address. */
function listenOnLoopback(servers: Server[]): () => void {
  const { listen } = Server.prototype
  Server.prototype.listen = function (this: Server, ...args: readonly unknown[]): Server {
    servers.push(this)
    const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined
    return listen.call(this, { port: 0, host: '127.0.0.1' }, callback)
  } as typeof listen
  return () => {
    Server.prototype.listen = listen
  }
}

async function listening(servers: readonly Server[]): Promise<string> {
  const [server] = servers
  if (server === undefined) throw new Error('the page starts no server')
  if (!server.listening) await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

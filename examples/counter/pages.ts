import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const pageFolder = fileURLToPath(new URL('../../page/', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Every path that is served, and its file. What is not in the list does not exist, so no request can name a file of its own. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['/', join(pageFolder, 'index.html')],
  ['/graphiql', join(pageFolder, 'graphiql.html')],
  ...folder('/', pageFolder, /\.(js|css|svg)$/),
  ...folder('/vendor/graphql-ws/', folderOf('graphql-ws/client'), /^(client|common-.*)\.js$/),
  ...folder('/vendor/gatehouse/', folderOf('graphql-gatehouse/client'), /\.js$/),
  ['/vendor/socket.io-client.js', join(folderOf('socket.io-client/package.json'), 'dist/socket.io.esm.min.js')],
])

const HEADERS = {
  // Scripts and connections of this server alone: nothing comes from a network that the demo does not own.
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** Answers a request for one of the demo's files; `false` when the path is not one of them. */
export async function servePage(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
  const file = FILES.get(path)
  if (file === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false
  const body = await readFile(file)
  response.writeHead(200, { ...HEADERS, 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
  return true
}

function folder(prefix: string, path: string, names: RegExp): [string, string][] {
  return readdirSync(path)
    .filter((name) => names.test(name))
    .map((name) => [prefix + basename(name), join(path, name)])
}

function folderOf(specifier: string): string {
  return dirname(fileURLToPath(import.meta.resolve(specifier)))
}

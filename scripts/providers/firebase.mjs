import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPackage } from './npm-package.mjs'
import { freePorts, startServer, untilAnswering } from './provider.mjs'

const VERSION = process.env.FIREBASE_TOOLS_VERSION ?? '15.34.2'
/** Projects whose id begins so exist nowhere, and need no login. */
const PROJECT = 'demo-shop'

/**
 * The Firebase Auth emulator, from firebase-tools. It needs neither Java nor a network. Its tokens are unsigned.
 *
 * @type {import('./provider.mjs').Provider}
 */
export const firebase = {
  name: 'firebase',
  available: async () => true,

  async start({ cache, log, signal }) {
    const home = await installPackage({ name: 'firebase-tools', version: VERSION, cache, log })
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-firebase-'))
    const [port, hub, logging] = await freePorts(3)
    const at = (number) => ({ host: '127.0.0.1', port: number })
    const emulators = { auth: at(port), hub: at(hub), logging: at(logging), ui: { enabled: false }, singleProjectMode: true }
    await writeFile(join(folder, 'firebase.json'), JSON.stringify({ emulators }))
    log(`starting the Auth emulator on 127.0.0.1:${port} (ten seconds)`)
    const cli = join(home, 'node_modules', 'firebase-tools', 'lib', 'bin', 'firebase.js')
    const server = startServer(process.execPath, [cli, 'emulators:start', '--only', 'auth', '--project', PROJECT, '--non-interactive'], {
      cwd: folder,
      // Nothing of the user's own login and settings is read or changed.
      env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, CI: '1', FIREBASE_CLI_DISABLE_UPDATE: '1' },
    })
    const stop = async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    }
    try {
      await untilAnswering(`http://127.0.0.1:${port}/`, { exited: server.exited, log, signal })
    } catch (error) {
      await stop()
      throw error
    }
    return {
      version: `Firebase Auth emulator of firebase-tools ${VERSION}`,
      env: { FIREBASE_AUTH_EMULATOR_HOST: `127.0.0.1:${port}`, FIREBASE_TEST_PROJECT: PROJECT },
      stop,
    }
  },
}

import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NotAvailable, run } from './provider.mjs'

/**
 * Installs one version of an npm package in a folder of its own, unless that was done before: what the tests run against is no
 * dependency of ours. No install script of anybody is run.
 *
 * @returns the folder that has `node_modules` in it
 */
export async function installPackage({ name, version, cache, log }) {
  const home = join(cache, version)
  if (await exists(join(home, 'node_modules', name, 'package.json'))) return home
  log(`installing ${name} ${version} from npm (once)`)
  const installing = join(cache, `installing-${process.pid}`)
  await mkdir(installing, { recursive: true })
  await writeFile(join(installing, 'package.json'), '{ "private": true }')
  const windows = process.platform === 'win32'
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--omit=optional', '--save-exact']
  const { code, output } = await run(windows ? 'npm.cmd' : 'npm', ['install', ...options, `${name}@${version}`], { cwd: installing, shell: windows })
  if (code !== 0) {
    await rm(installing, { recursive: true, force: true })
    throw new NotAvailable(code === null ? 'npm is not installed' : `npm could not install ${name}: ${firstError(output)}`)
  }
  // Only what is complete gets its name, so that an interrupted run leaves nothing half done behind.
  await rm(home, { recursive: true, force: true })
  await rename(installing, home)
  return home
}

function firstError(output) {
  return output.split('\n').find((line) => line.startsWith('npm error')) ?? output.trim()
}

function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  )
}

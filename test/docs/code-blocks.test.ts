import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'

const root = process.cwd()
const folder = join(root, '.cache', 'docs-check')

/** Every complete block of TypeScript in the README and the docs: those that import something. */
async function codeBlocks(): Promise<Array<{ name: string; code: string }>> {
  const pages = [
    'README.md',
    ...(await readdir(join(root, 'docs'), { recursive: true })).filter((page) => page.endsWith('.md')).map((page) => join('docs', page)),
  ]
  const blocks = await Promise.all(
    pages.map(async (page) => {
      const text = await readFile(join(root, page), 'utf8')
      return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ''], index) => ({ name: `${page.replaceAll(/[^\w]/g, '-')}-${index}.ts`, code }))
    }),
  )
  return blocks.flat().filter(({ code }) => code.includes('import '))
}

/** Frameworks with decorators on parameters know the decorators of old alone; all other code is read as standard TypeScript. */
const isLegacy = (code: string): boolean => code.includes("import 'reflect-metadata'")

/** The docs name the package; here its name means the sources. */
async function typeScriptSettings(blocks: readonly string[], experimentalDecorators: boolean): Promise<object> {
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { exports: Record<string, { types: string } | string> }
  const paths = Object.entries(exports).flatMap(([entry, target]) =>
    typeof target === 'string'
      ? []
      : [[entry.replace('.', 'graphql-gatehouse'), [join(root, target.types.replace('./dist/', 'src/').replace('.d.ts', '.ts'))]]],
  )
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: true,
      rootDir: root,
      isolatedDeclarations: false,
      declaration: false,
      declarationMap: false,
      lib: ['ES2023', 'DOM'],
      ...(experimentalDecorators ? { experimentalDecorators, emitDecoratorMetadata: true, useDefineForClassFields: false } : {}),
      paths: Object.fromEntries(paths),
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    files: blocks.map((name) => join(folder, name)),
  }
}

describe('the code in the docs', () => {
  it('type-checks, block by block', async () => {
    const blocks = await codeBlocks()
    expect(blocks.length).toBeGreaterThan(5)
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    await Promise.all(blocks.map(({ name, code }) => writeFile(join(folder, name), `${code}\nexport {}\n`)))
    for (const legacy of [false, true]) {
      const names = blocks.filter(({ code }) => isLegacy(code) === legacy).map(({ name }) => name)
      expect(names.length).toBeGreaterThan(1)
      const settings = join(folder, `tsconfig.${legacy ? 'legacy' : 'standard'}.json`)
      await writeFile(settings, JSON.stringify(await typeScriptSettings(names, legacy)))
      const compiled = promisify(execFile)(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', settings]).then(
        () => '',
        ({ stdout }: { stdout: string }) => stdout,
      )
      expect(await compiled).toBe('')
    }
  }, 60_000)

  it('is the program of the README that the examples hold', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8')
    expect(/```ts\n([\s\S]*?)```/.exec(readme)?.[1]).toBe(await readFile(join(root, 'examples', 'quick-start', 'server.ts'), 'utf8'))
  })
})

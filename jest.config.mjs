import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** How swc compiles a test: legacy decorators as TypeScript's experimentalDecorators would, or the TC39 ones. */
const swc = (decorators) => [
  '@swc/jest',
  {
    swcrc: false,
    sourceMaps: 'inline',
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: decorators,
    },
  },
]
const legacy = swc({ legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false })
const standard = swc({ decoratorVersion: '2023-11', useDefineForClassFields: true })

const graphqlManifest = JSON.parse(readFileSync(new URL('node_modules/graphql/package.json', import.meta.url), 'utf8'))
const installedMajor = Number.parseInt(graphqlManifest.version, 10)

/** These frameworks refuse graphql 17, or bring Apollo, which does; the code in the docs uses Apollo too. */
const onlyWith16 = ['apollo', 'mercurius', 'nest', 'type-graphql', 'code-blocks'].map((name) => `/test/.+/[^/]*${name}[^/]*\\.test\\.ts$`)

/** As files, not by name: by name, jest gives `import` and `require` a copy of graphql 17 each. */
function graphqlFrom(name, major) {
  const folder = `<rootDir>/node_modules/${name}`
  const graphql = { '^graphql$': `${folder}/index.js`, '^graphql/(.+)$': `${folder}/$1` }
  return { globals: { GRAPHQL_MAJOR: major }, moduleNameMapper: { '^(\\.{1,2}/.+)\\.js$': ['$1.ts', '$1.js'], ...graphql } }
}

const common = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '/test/decorators/standard/.+\\.ts$': standard, '\\.ts$': legacy },
  ...graphqlFrom('graphql', installedMajor),
}

/** Everything below these folders has a project of its own. */
const elsewhere = ['/test/decorators/standard/', '/test/browser/', '/test/providers/', '/test/package/']
const tests = (...folders) => folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`)

export default {
  maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  // ES modules of finished files are not given back: a worker that has grown is replaced by a new one.
  workerIdleMemoryLimit: '1.5GB',
  testTimeout: 30_000,
  collectCoverageFrom: ['src/**/*.ts'],
  coverageDirectory: 'coverage',
  coverageReporters: ['text', 'text-summary'],
  coverageThreshold: { global: { lines: 90 } },
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: installedMajor === 16 ? elsewhere : [...elsewhere, ...onlyWith16],
    },
    { ...common, displayName: 'decorators-standard', testMatch: tests('decorators/standard') },
    {
      ...common,
      displayName: 'graphql-17',
      testMatch: tests('attacks', 'core', 'decorators', 'schema', 'transports', 'frameworks', 'migration', 'graphql-major'),
      testPathIgnorePatterns: onlyWith16,
      ...graphqlFrom('graphql-17', 17),
    },
    { ...common, displayName: 'browser', testMatch: tests('browser') },
    { ...common, displayName: 'providers', testMatch: tests('providers') },
    { ...common, displayName: 'package', testMatch: tests('package') },
  ],
}

// npm run test:soak: plan and guards beside the oracle, in a million random cases. ORACLE_CASES and ORACLE_SEED say otherwise.
import { exitCode, setUp, tool } from './set-up.mjs'

await setUp()
const options = [process.env.NODE_OPTIONS, '--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
const environment = {
  // Without graphql-js' checks for a second copy of itself, which are dear and have no part in this.
  NODE_ENV: 'production',
  ORACLE_CASES: '1000000',
  ...process.env,
  NODE_OPTIONS: options.filter(Boolean).join(' '),
}
process.exit(
  await exitCode(process.execPath, [tool('jest'), '--runInBand', '--selectProjects', 'unit', '--testPathPatterns', 'test/schema/oracle'], { env: environment }),
)

/**
 * Where a provider is, as `npm run test:providers` says.
 *
 * @throws {Error} when the tests were started in another way.
 */
export function fromEnvironment(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`${name} is not set: these tests are run by npm run test:providers`)
  return value
}

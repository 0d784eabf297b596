/** Whether two records have the same members, each of them the same object. */
export function haveSameMembers(a: object, b: object): boolean {
  if (a === b) return true
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name as never] === b[name as never])
}

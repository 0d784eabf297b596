import type { CallerExplanation, ClauseExplanation, ConcreteExplanation, CoordinateExplanation, Explanation, SourceExplanation } from './explanation.js'

/** An explanation as a text for people, one coordinate after the other. */
export function printExplanation(explanation: Explanation): string {
  const { operation, caller, outcome, refused, denied, dryRun, coordinates } = explanation
  const name = operation.name === null ? '' : ` ${operation.name}`
  const end = outcome === 'runs' ? 'runs' : dryRun ? 'would be refused before it runs' : 'is refused before it runs'
  return [
    `${operation.type}${name} ${end}, for ${printCaller(caller)} (denied: '${denied}'${dryRun ? ', dry run' : ''})`,
    ...refused.map(({ coordinate, reason }) => `  ${reason}${coordinate === undefined ? '' : ` at ${coordinate}`}`),
    '',
    ...coordinates.flatMap(printCoordinate),
  ].join('\n')
}

function printCaller(caller: CallerExplanation): string {
  if (caller.is === 'nobody') return 'nobody'
  if (caller.is !== 'refused') return `a ${caller.is}`
  return `credentials that are refused (${caller.reason}${caller.detail === undefined ? '' : `: ${caller.detail}`})`
}

function printCoordinate(found: CoordinateExplanation): readonly string[] {
  const [only] = found.types
  const head = `${found.verdict.padEnd(8)} ${found.coordinate}${printDependence(found.dependsOn)}`
  if (only !== undefined && found.types.length === 1 && only.coordinate === found.coordinate)
    return [head, ...only.clauses.flatMap((clause) => printClause(clause, '  '))]
  return [head, ...found.types.flatMap(printType)]
}

function printType({ verdict, coordinate, dependsOn, clauses }: ConcreteExplanation): readonly string[] {
  return [`  ${verdict.padEnd(8)} ${coordinate}${printDependence(dependsOn)}`, ...clauses.flatMap((clause) => printClause(clause, '    '))]
}

function printClause({ verdict, demands, names, reason, detail, value, sources }: ClauseExplanation, indent: string): readonly string[] {
  const missing = verdict === 'refused' ? names.filter(({ held }) => held === false).map(({ kind, name }) => `${kind} ${name}`) : []
  const notes = [
    ...(value === undefined ? [] : [`when it answers ${value}`]),
    ...(verdict === 'depends' && value === undefined ? ['decided while it runs'] : []),
    ...(reason === undefined ? [] : [reason]),
    ...(detail === undefined ? [] : [detail]),
    ...(missing.length === 0 ? [] : [`not held: ${missing.join(', ')}`]),
  ]
  return [
    `${indent}${MARKS[verdict]} ${demands}${notes.length === 0 ? '' : `  (${notes.join('; ')})`}`,
    ...sources.map((source) => `${indent}    from ${printSource(source)}`),
  ]
}

const MARKS: Readonly<Record<ClauseExplanation['verdict'], string>> = { allowed: '+', refused: '-', depends: '?' }

function printDependence(dependsOn: readonly string[] | undefined): string {
  return dependsOn === undefined || dependsOn.length === 0 ? '' : `, on the ${dependsOn.join(' and the ')}`
}

function printSource({ on, at, by }: SourceExplanation): string {
  if (on === 'setting') return `the setting ${at}`
  if (by === 'class decorator') return `the class of the resolver of ${at}`
  return by === 'decorator' ? `a decorator on the resolver of ${at}` : `${by} on the ${on} ${at}`
}

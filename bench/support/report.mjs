import { cpus } from 'node:os'
import { parseArgs } from 'node:util'

/**
 * Reads what the benches are told on the command line: `--turn` milliseconds, `--turns`, `--only` a part of the names of adapters,
 * `--server` one of those that the bench knows, and `--markdown`, which prints the table alone.
 */
export function readOptions({ servers = [undefined], ...defaults }) {
  const { values } = parseArgs({
    options: {
      turn: { type: 'string' },
      turns: { type: 'string' },
      only: { type: 'string' },
      server: { type: 'string' },
      markdown: { type: 'boolean', default: false },
    },
  })
  const turn = positive('turn', values.turn ?? defaults.turn)
  const turns = positive('turns', values.turns ?? defaults.turns)
  const server = values.server ?? servers[0]
  if (!servers.includes(server)) throw new RangeError(`--server: one of ${servers.join(', ')}`)
  return { turn, turns, only: values.only ?? '', server, markdown: values.markdown }
}

/** A Markdown table: the first column is text, the others are numbers. */
export function markdownTable(columns, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(columns), `|${columns.map((_, index) => (index === 0 ? '---' : '--:')).join('|')}|`, ...rows.map(line)].join('\n')
}

/** A share of something, as whole percent. */
export function percent(share) {
  return `${Math.round(share * 100)} %`
}

/** What a reader has to know to compare figures: date, runtime, processor. */
export function conditions({ turn, turns }) {
  const processors = cpus()
  const day = new Date().toISOString().slice(0, 10)
  return `${day}, Node ${process.version}, ${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}, ${turns} turns of ${turn} ms.`
}

/** Says how far a long run has come, on standard error. */
export function progress({ markdown }, text) {
  if (!markdown) console.error(text)
}

function positive(name, given) {
  const value = Number(given)
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${name}: a whole number, 1 or more`)
  return value
}

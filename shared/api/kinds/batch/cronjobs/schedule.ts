import { quote } from '../../../../machinery/quote.ts'

/** The five fields of a schedule, with what each may say. */
const bounds = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const
type Bounds = (typeof bounds)[number]

const descriptors = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'])
const duration = /^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$/

/** What is wrong with a cron schedule, in the words of the parser that upstream uses; undefined where it is fine. */
// github.com/robfig/cron/v3 parser.go ParseStandard
export function scheduleProblem(schedule: string): string | undefined {
  if (schedule === '') return 'empty spec string'
  try {
    const text = withoutZone(schedule)
    if (text.startsWith('@')) readDescriptor(text)
    else readFields(text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

// "TZ=UTC 0 0 * * *": the place is checked where it is refused
function withoutZone(schedule: string): string {
  if (!schedule.startsWith('TZ=') && !schedule.startsWith('CRON_TZ=')) return schedule
  const space = schedule.indexOf(' ')
  return space < 0 ? '' : schedule.slice(space).trim()
}

function readDescriptor(text: string): void {
  if (descriptors.has(text)) return
  const every = '@every '
  if (!text.startsWith(every)) throw new Error(`unrecognized descriptor: ${text}`)
  const length = text.slice(every.length)
  if (length !== '0' && !duration.test(length))
    throw new Error(`failed to parse duration ${text}: time: invalid duration ${quote(length)}`)
}

function readFields(text: string): void {
  const fields = text.split(/\s+/).filter((field) => field !== '')
  if (fields.length !== bounds.length)
    throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  for (const [i, bound] of bounds.entries())
    for (const part of (fields[i] ?? '').split(',').filter((one) => one !== '')) readRange(part, bound)
}

// number | number "-" number [ "/" number ]
function readRange(text: string, bound: Bounds): void {
  const [range = '', step, ...more] = text.split('/')
  const [low = '', high, ...others] = range.split('-')
  const any = low === '*' || low === '?'
  let start: number = bound.min
  let end: number = bound.max
  if (!any) {
    start = readNumber(low, bound)
    end = high === undefined ? start : readNumber(high, bound)
    if (others.length > 0) throw new Error(`too many hyphens: ${text}`)
  }
  if (step !== undefined && more.length === 0) {
    const every = readInt(step)
    if (!any && high === undefined) end = bound.max
    if (every === 0) throw new Error(`step of range should be a positive number: ${text}`)
  } else if (more.length > 0) throw new Error(`too many slashes: ${text}`)
  if (start < bound.min) throw new Error(`beginning of range (${start}) below minimum (${bound.min}): ${text}`)
  if (end > bound.max) throw new Error(`end of range (${end}) above maximum (${bound.max}): ${text}`)
  if (start > end) throw new Error(`beginning of range (${start}) beyond end of range (${end}): ${text}`)
}

function readNumber(text: string, bound: Bounds): number {
  const names: readonly string[] = 'names' in bound ? bound.names : []
  const at = names.indexOf(text.toLowerCase())
  return at >= 0 ? at + bound.min : readInt(text)
}

function readInt(text: string): number {
  if (!/^[+-]?\d+$/.test(text))
    throw new Error(`failed to parse int from ${text}: strconv.Atoi: parsing ${quote(text)}: invalid syntax`)
  if (text.startsWith('-') && Number(text) !== 0)
    throw new Error(`negative number (${Number(text)}) not allowed: ${text}`)
  return Number(text)
}

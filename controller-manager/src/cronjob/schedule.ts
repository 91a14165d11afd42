import { scheduleProblem } from '@kubets/shared/api/kinds/batch/cronjobs/schedule.ts'
import { Zone } from './zone.ts'
import type { Wall } from './zone.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
// A schedule that no day meets is given up after this long; robfig/cron spec.go Next
const horizonMs = 5 * 366 * 24 * hourMs

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const descriptors: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: minuteMs,
  h: hourMs,
}

/** When something is due. */
export interface Schedule {
  readonly zone: Zone
  /** The first time after the given one; undefined where there is none within five years. */
  next(after: number): number | undefined
}

/** Reads a schedule. Throws an Error with what is wrong with it, or with the zone. */
// github.com/robfig/cron/v3 parser.go ParseStandard
export const parseSchedule = (text: string, timeZone: string | undefined): Schedule => {
  const problem = scheduleProblem(text)
  if (problem !== undefined) throw new Error(problem)
  const [, own, rest] = /^(?:CRON_)?TZ=(\S*)\s+(.*)$/.exec(text) ?? [undefined, undefined, text]
  const zone = new Zone(timeZone ?? own)
  const spec = rest?.trim() ?? ''
  if (spec.startsWith('@every ')) {
    const delay = Math.max(1000, Math.floor(milliseconds(spec.slice('@every '.length)) / 1000) * 1000)
    return { zone, next: (after) => Math.floor(after / 1000) * 1000 + delay }
  }
  const fields = fieldsOf(descriptors[spec] ?? spec)
  return { zone, next: (after) => nextMatch(fields, zone, after) }
}

const milliseconds = (text: string): number => {
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g))
    sum += Number(amount) * (unitMs[unit ?? ''] ?? 0)
  return text.startsWith('-') ? -sum : sum
}

interface Field {
  values: ReadonlySet<number>
  /** "*": says nothing. */
  any: boolean
}

interface Fields {
  minute: Field
  hour: Field
  day: Field
  month: Field
  weekday: Field
}

const fieldsOf = (spec: string): Fields => {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = spec.split(/\s+/)
  return {
    minute: fieldOf(minute, 0, 59, []),
    hour: fieldOf(hour, 0, 23, []),
    day: fieldOf(day, 1, 31, []),
    month: fieldOf(month, 1, 12, months),
    weekday: fieldOf(weekday, 0, 6, weekdays),
  }
}

const fieldOf = (text: string, min: number, max: number, names: readonly string[]): Field => {
  const values = new Set<number>()
  let any = false
  const numberOf = (word: string): number => {
    const at = names.indexOf(word.toLowerCase())
    return at < 0 ? Number(word) : at + min
  }
  for (const part of text.split(',').filter((one) => one !== '')) {
    const [range = '', step] = part.split('/')
    const [low = '', high] = range.split('-')
    const all = low === '*' || low === '?'
    const start = all ? min : numberOf(low)
    const end = all || (high === undefined && step !== undefined) ? max : numberOf(high ?? low)
    const every = step === undefined ? 1 : Number(step)
    any ||= all && every === 1
    for (let value = start; value <= end; value += every) values.add(value)
  }
  return { values, any }
}

// Day of month and day of week are alternatives where both are said; spec.go dayMatches
const isDay = ({ month, day, weekday }: Fields, wall: Wall): boolean => {
  if (!month.values.has(wall.month)) return false
  const byDay = day.values.has(wall.day)
  const byWeekday = weekday.values.has(wall.weekday)
  return day.any || weekday.any ? byDay && byWeekday : byDay || byWeekday
}

const nextMatch = (fields: Fields, zone: Zone, after: number): number | undefined => {
  let time = Math.floor(after / minuteMs) * minuteMs + minuteMs
  for (const end = after + horizonMs; time < end;) {
    const wall = zone.at(time)
    const toNextHour = hourMs - wall.minute * minuteMs
    // The last hour of a day is gone through by itself, as days are not always 24 hours long.
    if (!isDay(fields, wall)) time += toNextHour + Math.max(0, 22 - wall.hour) * hourMs
    else if (!fields.hour.values.has(wall.hour)) time += toNextHour
    else if (fields.minute.values.has(wall.minute)) return time
    else time += minuteMs
  }
  return undefined
}

import { EvalError } from '../errors.ts'
import { type Overload, overload } from '../functions.ts'
import type { Duration, Timestamp } from '../values.ts'

const formats = new Map<string, Intl.DateTimeFormat>()
const maxFormats = 100

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  try {
    const made = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    if (formats.size >= maxFormats) formats.clear()
    formats.set(zone, made)
    return made
  } catch {
    throw new EvalError(`unknown time zone ${zone}`)
  }
}

// cel-go common/types/timestamp.go timeZone
/** The time in a zone, as a Date whose UTC fields are that zone's. */
function inZone(ns: bigint, zone: string): Date {
  const ms = Number((ns - (((ns % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n)
  if (zone === 'UTC' || zone === '') return new Date(ms)
  const fixed = /^([+-]?)(\d{1,2}):(\d{1,2})$/.exec(zone)
  if (fixed) return new Date(ms + minutes(fixed) * 60_000)
  if (zone.includes(':')) throw new EvalError(`strconv.Atoi: parsing ${JSON.stringify(zone)}: invalid syntax`)
  const name =
    formatOf(zone)
      .formatToParts(ms)
      .find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const offset = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name)
  if (offset === null) return new Date(ms)
  const extra = Number(offset[4] ?? 0) * (offset[1] === '-' ? -1000 : 1000)
  return new Date(ms + minutes(offset) * 60_000 + extra)
}

const minutes = ([, sign, hours, rest]: RegExpExecArray): number =>
  (Number(hours) * 60 + Number(rest)) * (sign === '-' ? -1 : 1)

const dayOfYear = (date: Date): number => {
  const first = new Date(date)
  first.setUTCMonth(0, 1)
  return Math.round((date.getTime() - first.getTime()) / 86_400_000)
}

const parts: readonly (readonly [string, (date: Date) => number])[] = [
  ['getFullYear', (date) => date.getUTCFullYear()],
  ['getMonth', (date) => date.getUTCMonth()],
  ['getDayOfYear', dayOfYear],
  ['getDayOfMonth', (date) => date.getUTCDate() - 1],
  ['getDate', (date) => date.getUTCDate()],
  ['getDayOfWeek', (date) => date.getUTCDay()],
  ['getHours', (date) => date.getUTCHours()],
  ['getMinutes', (date) => date.getUTCMinutes()],
  ['getSeconds', (date) => date.getUTCSeconds()],
  ['getMilliseconds', (date) => date.getUTCMilliseconds()],
]

const ofDuration: readonly (readonly [string, bigint])[] = [
  ['getHours', 3_600_000_000_000n],
  ['getMinutes', 60_000_000_000n],
  ['getSeconds', 1_000_000_000n],
]

/** What `timestamp` and `duration` values tell of themselves; without a zone it is UTC's. */
export const timeLibrary: readonly Overload[] = [
  ...parts.flatMap(([name, read]) => [
    overload(name, `timestamp_${name}`, 'timestamp.() int', (args) =>
      BigInt(read(inZone(args.get<Timestamp>(0).ns, 'UTC'))),
    ),
    overload(name, `timestamp_${name}_with_tz`, 'timestamp.(string) int', (args) =>
      BigInt(read(inZone(args.get<Timestamp>(0).ns, args.get<string>(1)))),
    ),
  ]),
  ...ofDuration.map(([name, unit]) =>
    overload(name, `duration_${name}`, 'duration.() int', (args) => args.get<Duration>(0).ns / unit),
  ),
  overload(
    'getMilliseconds',
    'duration_getMilliseconds',
    'duration.() int',
    (args) => args.get<Duration>(0).ns / 1_000_000n,
  ),
]

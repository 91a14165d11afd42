import { parseGoDuration } from '../../schema/go-values.ts'

const second = 1_000_000_000n

const fraction = (ns: bigint): string => {
  const digits = ns.toString().padStart(9, '0').replace(/0+$/, '')
  return digits === '' ? '' : `.${digits}`
}

/** Seconds with an `s`: `90s`, `1.5s`. */
export function formatDuration(ns: bigint): string {
  const size = ns < 0n ? -ns : ns
  return `${ns < 0n ? '-' : ''}${size / second}${fraction(size % second)}s`
}

/** RFC 3339 in UTC, with as many digits of a second as there are. */
export function formatTimestamp(ns: bigint): string {
  const rest = ((ns % second) + second) % second
  const whole = new Date(Number((ns - rest) / 1_000_000n))
  const text = whole.toISOString().slice(0, 19)
  return `${text}${fraction(rest)}Z`
}

/** Nanoseconds of a Go duration such as `1h30m`; undefined when it is none. */
export function parseDuration(text: string): bigint | undefined {
  if (text.length > 100) return undefined
  try {
    return parseGoDuration(text)
  } catch {
    return undefined
  }
}

const rfc3339 = /^(\d{4}-(\d\d)-(\d\d))[Tt]((\d\d):(\d\d):(\d\d))(?:[.,](\d{1,30}))?([Zz]|[+-]\d\d:\d\d)$/

/** Nanoseconds since 1970 of an RFC 3339 time; undefined when it is none. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = rfc3339.exec(text)
  if (match === null) return undefined
  const [, date = '', , day = '', time = '', , , , digits = '', zone = ''] = match
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`)
  // Date lets the 31st of a short month run into the next
  if (Number.isNaN(ms) || new Date(`${date}T00:00:00Z`).getUTCDate() !== Number(day)) return undefined
  return BigInt(ms) * 1_000_000n + BigInt(digits.padEnd(9, '0').slice(0, 9))
}

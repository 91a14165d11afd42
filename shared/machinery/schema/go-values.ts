import { parseQuantity } from '../quantity.ts'

const quantities = new Map<string, string>()
const cacheLimit = 4096

/** The canonical text of a quantity given as string or number. Throws with upstream's words. */
export function canonicalQuantity(value: string | number): string {
  const text = String(value)
  const known = quantities.get(text)
  if (known !== undefined) return known
  const canonical = parseQuantity(text.trim()).toString()
  if (quantities.size >= cacheLimit) quantities.clear()
  if (text.length < 64) quantities.set(text, canonical)
  return canonical
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/
const plainTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** RFC 3339 in UTC with whole seconds, or six digits of fraction when `micro`. Throws as Go's time.Parse does. */
export function canonicalTime(text: string, micro: boolean): string {
  const match = rfc3339.exec(text)
  const ms = match ? Date.parse(text) : Number.NaN
  if (!match || Number.isNaN(ms)) {
    const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00'
    throw new Error(
      `parsing time ${JSON.stringify(text)} as "${layout}": cannot parse ${JSON.stringify(text)} as "2006"`,
    )
  }
  if (!micro && plainTime.test(text)) return text
  const seconds = new Date(ms).toISOString().slice(0, 19)
  // Date keeps milliseconds alone; the digits themselves are the same in every zone.
  return micro ? `${seconds}.${(match[1] ?? '.').slice(1, 7).padEnd(6, '0')}Z` : `${seconds}Z`
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Padded base64 without line breaks. Throws as Go's encoding/base64 does. */
export function canonicalBase64(text: string): string {
  if (base64.test(text)) return text
  const joined = text.replaceAll(/[\r\n]/g, '')
  if (base64.test(joined)) return joined
  const bad = /[^A-Za-z0-9+/]/.exec(joined)
  throw new Error(`illegal base64 data at input byte ${bad ? bad.index : joined.length - (joined.length % 4)}`)
}

const units: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

/** A Go duration in nanoseconds (`1h30m`, `300ms`). Throws as Go's time.ParseDuration does. */
export function parseGoDuration(text: string): bigint {
  const invalid = (): Error => new Error(`time: invalid duration ${JSON.stringify(text)}`)
  const body = text.replace(/^[+-]/, '')
  if (body === '0') return 0n
  if (!/^(?:(?:\d+\.?\d*|\.\d+)[a-zµμ]+)+$/.test(body)) {
    if (/^[\d.]+$/.test(body)) throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`)
    throw invalid()
  }
  let total = 0n
  for (const [, whole = '', fraction = '', unit = ''] of body.matchAll(/(\d*)\.?(\d*)([a-zµμ]+)/g)) {
    const scale = units[unit]
    if (scale === undefined)
      throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`)
    total += BigInt(whole || '0') * scale
    if (fraction) total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  return text.startsWith('-') ? -total : total
}

/** Nanoseconds as Go prints a time.Duration: `5m0s`, `1.5s`, `300ms`. */
export function formatGoDuration(ns: bigint): string {
  if (ns === 0n) return '0s'
  const sign = ns < 0n ? '-' : ''
  const abs = ns < 0n ? -ns : ns
  const decimal = (value: bigint, unit: bigint): string => {
    const rest = (value % unit)
      .toString()
      .padStart(unit.toString().length - 1, '0')
      .replace(/0+$/, '')
    return `${value / unit}${rest === '' || unit === 1n ? '' : `.${rest}`}`
  }
  if (abs < 1_000n) return `${sign}${abs}ns`
  if (abs < 1_000_000n) return `${sign}${decimal(abs, 1_000n)}µs`
  if (abs < 1_000_000_000n) return `${sign}${decimal(abs, 1_000_000n)}ms`
  const minute = 60_000_000_000n
  const hours = abs / (minute * 60n)
  const minutes = (abs / minute) % 60n
  const seconds = `${decimal(abs % minute, 1_000_000_000n)}s`
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`
}

import { EvalError } from '../errors.ts'
import { type Overload, overload } from '../functions.ts'
import { formatDouble } from '../go-text.ts'
import { Duration, Timestamp, TypeValue, Uint, type Value } from '../values.ts'
import { typeName } from '../types.ts'
import { duration, int, timestamp, uint } from './arithmetic.ts'
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from './time-text.ts'

const failed = (from: string, to: string): EvalError => new EvalError(`type conversion error from '${from}' to '${to}'`)

function wholeOf(value: number, limit: number, low: number, overflow: string): bigint {
  if (!(value > low && value < limit)) throw new EvalError(overflow)
  return BigInt(Math.trunc(value))
}

function parseWhole(text: string, pattern: RegExp, to: string, check: (value: bigint) => Value): Value {
  if (text.length > 40 || !pattern.test(text)) throw failed('string', to)
  try {
    return check(BigInt(text.replace(/^\+/, '')))
  } catch {
    throw failed('string', to)
  }
}

// Go strconv.ParseFloat
function parseDouble(text: string): number {
  if (/^[+-]?(inf|infinity)$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) throw failed('string', 'double')
  return value
}

const truths: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  true: true,
  TRUE: true,
  True: true,
  '0': false,
  f: false,
  false: false,
  FALSE: false,
  False: false,
}

function parseBool(text: string): boolean {
  const value = Object.hasOwn(truths, text) ? truths[text] : undefined
  if (value === undefined) throw failed('string', 'bool')
  return value
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function bytesToString(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new EvalError('invalid UTF-8 in bytes, cannot convert to string')
  }
}

const encoder = new TextEncoder()

/** What `string(x)` gives; undefined for what has no text. */
export function toText(value: Value): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return formatDouble(value)
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Uint8Array) return bytesToString(value)
  if (value instanceof Duration) return formatDuration(value.ns)
  if (value instanceof Timestamp) return formatTimestamp(value.ns)
  return value instanceof TypeValue ? typeName(value.type) : undefined
}

const same: Overload['call'] = (args) => args.get(0)
const identities = ['int', 'uint', 'double', 'string', 'bytes', 'bool', 'duration', 'timestamp'].map((type) =>
  overload(type, `${type}_to_${type}`, `(${type}) ${type}`, same),
)
const texts = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp'].map((type) =>
  overload('string', `${type}_to_string`, `(${type}) string`, (args) => toText(args.get(0)) ?? ''),
)
const two63 = 2 ** 63
const two64 = 2 ** 64

/** `int(x)`, `string(x)`, `timestamp(x)` …: cel-go common/types ConvertToType of each type. */
export const conversions: readonly Overload[] = [
  ...identities,
  ...texts,
  overload('int', 'uint64_to_int64', '(uint) int', (args) => int(args.get<Uint>(0).value)),
  overload('int', 'double_to_int64', '(double) int', (args) =>
    wholeOf(args.get<number>(0), two63, -two63, 'integer overflow'),
  ),
  overload('int', 'string_to_int64', '(string) int', (args) =>
    parseWhole(args.get<string>(0), /^[+-]?\d+$/, 'int', int),
  ),
  overload('int', 'timestamp_to_int64', '(timestamp) int', (args) => seconds(args.get<Timestamp>(0).ns)),
  overload('int', 'duration_to_int64', '(duration) int', (args) => args.get<Duration>(0).ns),
  overload('uint', 'int64_to_uint64', '(int) uint', (args) => uint(args.get<bigint>(0))),
  overload('uint', 'double_to_uint64', '(double) uint', (args) =>
    uint(wholeOf(args.get<number>(0), two64, -1, 'unsigned integer overflow')),
  ),
  overload('uint', 'string_to_uint64', '(string) uint', (args) =>
    parseWhole(args.get<string>(0), /^\d+$/, 'uint', uint),
  ),
  overload('double', 'int64_to_double', '(int) double', (args) => Number(args.get<bigint>(0))),
  overload('double', 'uint64_to_double', '(uint) double', (args) => Number(args.get<Uint>(0).value)),
  overload('double', 'string_to_double', '(string) double', (args) => parseDouble(args.get<string>(0))),
  overload('string', 'bytes_to_string', '(bytes) string', (args) => bytesToString(args.get<Uint8Array>(0))),
  overload('bytes', 'string_to_bytes', '(string) bytes', (args) => encoder.encode(args.get<string>(0))),
  overload('bool', 'string_to_bool', '(string) bool', (args) => parseBool(args.get<string>(0))),
  overload('duration', 'int64_to_duration', '(int) duration', (args) => duration(args.get<bigint>(0))),
  overload('duration', 'string_to_duration', '(string) duration', (args) => {
    const ns = parseDuration(args.get<string>(0))
    if (ns === undefined) throw failed('string', 'google.protobuf.Duration')
    return duration(ns)
  }),
  overload('timestamp', 'int64_to_timestamp', '(int) timestamp', (args) =>
    timestamp(args.get<bigint>(0) * 1_000_000_000n),
  ),
  overload('timestamp', 'string_to_timestamp', '(string) timestamp', (args) => {
    const ns = parseTimestamp(args.get<string>(0))
    if (ns === undefined) throw failed('string', 'google.protobuf.Timestamp')
    return timestamp(ns)
  }),
]

function seconds(ns: bigint): bigint {
  const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return (ns - rest) / 1_000_000_000n
}

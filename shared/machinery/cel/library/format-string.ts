import { quote } from '../../quote.ts'
import { EvalError } from '../errors.ts'
import type { CallContext } from '../functions.ts'
import { typeName } from '../types.ts'
import { Duration, ListValue, MapValue, Timestamp, typeOf, Uint, type Value } from '../values.ts'
import { toText } from './conversions.ts'

const maxDepth = 200

// cel-go ext/strings.go (version 2), interpreter/formatting.go ParseFormatString
/** printf in CEL: `%s %d %f %e %b %x %X %o`, with a precision for `%f` and `%e`. Throws EvalError. */
export function formatString(format: string, args: ListValue, context: CallContext): string {
  let next = 0
  let done = ''
  context.work(format.length)
  for (let i = 0; i < format.length; i++) {
    if (format[i] !== '%') {
      done += format[i]
      continue
    }
    if (++i >= format.length) throw new EvalError('unexpected end of string')
    if (format[i] === '%') {
      done += '%'
      continue
    }
    const { clause, precision, end } = readClause(format, i)
    i = end
    if (next >= args.size) throw new EvalError(`index ${next} out of range`)
    try {
      done += formatClause(clause, precision, args.at(next++), context)
    } catch (error) {
      if (error instanceof FormatProblem) throw new EvalError(`error during formatting: ${error.message}`)
      throw error
    }
  }
  return done
}

class FormatProblem extends Error {}

function readClause(format: string, at: number): { clause: string; precision: number; end: number } {
  const match = /^(?:\.(\d*))?(.)/su.exec(format.slice(at, at + 24))
  if (match === null) throw new EvalError('could not find end of clause')
  const precision = match[1] === undefined ? 6 : Number(match[1])
  if (match[1] === '') throw new EvalError('error while parsing precision: could not convert precision to integer')
  const clause = match[2] ?? ''
  if (!'sdfebxXo'.includes(clause)) throw new EvalError(`unrecognized formatting clause "${clause}"`)
  if (precision > 100) throw new EvalError(`precision ${precision} is too large`)
  return { clause, precision, end: at + match[0].length - 1 }
}

function formatClause(clause: string, precision: number, value: Value, context: CallContext): string {
  switch (clause) {
    case 's':
      return textOf(value, context, 0)
    case 'd':
      if (typeof value === 'bigint' || value instanceof Uint) return String(wholeOf(value))
      throw new FormatProblem(`decimal clause can only be used on integers, was given ${nameOf(value)}`)
    case 'f':
      return fixed(value, precision)
    case 'e':
      return scientific(value, precision)
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0'
      if (typeof value === 'bigint' || value instanceof Uint) return wholeOf(value).toString(2)
      throw new FormatProblem(`only integers and bools can be formatted as binary, was given ${nameOf(value)}`)
    case 'o':
      if (typeof value === 'bigint' || value instanceof Uint) return wholeOf(value).toString(8)
      throw new FormatProblem(`octal clause can only be used on integers, was given ${nameOf(value)}`)
    default:
      return clause === 'X' ? hex(value).toUpperCase() : hex(value)
  }
}

const nameOf = (value: Value): string => typeName(typeOf(value))
const wholeOf = (value: bigint | Uint): bigint => (value instanceof Uint ? value.value : value)

function hex(value: Value): string {
  if (typeof value === 'bigint' || value instanceof Uint) return wholeOf(value).toString(16)
  if (typeof value === 'string') return Buffer.from(value).toString('hex')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  throw new FormatProblem(
    `only integers, byte buffers, and strings can be formatted as hex, was given ${nameOf(value)}`,
  )
}

function special(value: Value, clause: string): number | string {
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return 'NaN'
    return Number.isFinite(value) ? value : value > 0 ? '∞' : '-∞'
  }
  if (value === 'NaN') return 'NaN'
  if (value === 'Infinity') return '∞'
  if (value === '-Infinity') return '-∞'
  throw new FormatProblem(`${clause} clause can only be used on doubles, was given ${nameOf(value)}`)
}

/** As the locale en-US writes numbers. */
function fixed(value: Value, precision: number): string {
  const number = special(value, 'fixed-point')
  if (typeof number === 'string') return number
  return number.toLocaleString('en-US', { minimumFractionDigits: precision, maximumFractionDigits: precision })
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'

function scientific(value: Value, precision: number): string {
  const number = special(value, 'scientific')
  if (typeof number === 'string') return number
  const [mantissa = '', exponent = '0'] = number.toExponential(precision).split('e')
  const digits = exponent.replace(/[+-]/, '').padStart(2, '0')
  const raised = digits.replaceAll(/\d/g, (digit) => superscripts[Number(digit)] ?? '')
  return `${mantissa}\u202f×\u202f10${exponent.startsWith('-') ? '⁻' : ''}${raised}`
}

function textOf(value: Value, context: CallContext, depth: number): string {
  if (depth > maxDepth) throw new FormatProblem('value nests too deeply')
  context.work(1)
  if (value instanceof ListValue) {
    const parts = Array.from({ length: value.size }, (_, i) => literalOf(value.at(i), context, depth + 1))
    return `[${parts.join(', ')}]`
  }
  if (value instanceof MapValue) {
    const entries = Array.from(value.keys(), (key): [string, string] => [
      literalOf(key, context, depth + 1),
      literalOf(value.get(key) ?? null, context, depth + 1),
    ])
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${entries.map(([key, item]) => `${key}:${item}`).join(', ')}}`
  }
  if (value === null) return 'null'
  const text = toText(value)
  if (text === undefined) {
    throw new FormatProblem(
      'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and ' +
        `timestamps, was given ${nameOf(value)}`,
    )
  }
  context.work(text.length >> 3)
  return text
}

/** A value inside a list or map, as it would be written in CEL. */
function literalOf(value: Value, context: CallContext, depth: number): string {
  if (typeof value === 'string') return quote(value)
  if (value instanceof Uint8Array) return `b${quote(toText(value) ?? '')}`
  if (value instanceof Timestamp) return `timestamp(${quote(toText(value) ?? '')})`
  if (value instanceof Duration) return `duration(${quote(toText(value) ?? '')})`
  if (typeof value === 'number' && Number.isFinite(value)) return value.toFixed(6)
  if (typeof value === 'number') return quote(toText(value) ?? '')
  return textOf(value, context, depth)
}

import { EvalError } from '../errors.ts'
import { type Overload, overload } from '../functions.ts'
import { Duration, Timestamp, Uint } from '../values.ts'

// cel-go common/types/overflow.go

export function int(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new EvalError('integer overflow')
  return value
}

export function uint(value: bigint): Uint {
  if (BigInt.asUintN(64, value) !== value) throw new EvalError('unsigned integer overflow')
  return new Uint(value)
}

export function duration(ns: bigint): Duration {
  if (BigInt.asIntN(64, ns) !== ns) throw new EvalError('duration overflow')
  return new Duration(ns)
}

const second = 1_000_000_000n
const minSeconds = -62_135_596_800n
const maxSeconds = 253_402_300_799n

/** Nanoseconds since 1970, within the years 1 to 9999. */
export function timestamp(ns: bigint): Timestamp {
  const seconds = (ns - (((ns % second) + second) % second)) / second
  if (seconds < minSeconds || seconds > maxSeconds) throw new EvalError('timestamp overflow')
  return new Timestamp(ns)
}

type Operation = (a: bigint, b: bigint) => bigint

function divide(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new EvalError('division by zero')
  return a / b
}

function modulo(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new EvalError('modulus by zero')
  return a % b
}

const operations: readonly (readonly [string, string, Operation, ((a: number, b: number) => number)?])[] = [
  ['_+_', 'add', (a, b) => a + b, (a, b) => a + b],
  ['_-_', 'subtract', (a, b) => a - b, (a, b) => a - b],
  ['_*_', 'multiply', (a, b) => a * b, (a, b) => a * b],
  ['_/_', 'divide', divide, (a, b) => a / b],
  ['_%_', 'modulo', modulo],
]

const numeric = operations.flatMap(([name, id, whole, real]): Overload[] => [
  overload(name, `${id}_int64`, '(int, int) int', (args) => int(whole(args.get<bigint>(0), args.get<bigint>(1)))),
  overload(name, `${id}_uint64`, '(uint, uint) uint', (args) =>
    uint(whole(args.get<Uint>(0).value, args.get<Uint>(1).value)),
  ),
  ...(real === undefined
    ? []
    : [
        overload(name, `${id}_double`, '(double, double) double', (args) =>
          real(args.get<number>(0), args.get<number>(1)),
        ),
      ]),
])

function addBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const sum = new Uint8Array(a.length + b.length)
  sum.set(a)
  sum.set(b, a.length)
  return sum
}

/** `+ - * / %` and the sign. */
export const arithmetic: readonly Overload[] = [
  ...numeric,
  overload('-_', 'negate_int64', '(int) int', (args) => int(-args.get<bigint>(0))),
  overload('-_', 'negate_double', '(double) double', (args) => -args.get<number>(0)),
  overload('_+_', 'add_string', '(string, string) string', (args) => args.get<string>(0) + args.get<string>(1)),
  overload('_+_', 'add_bytes', '(bytes, bytes) bytes', (args) =>
    addBytes(args.get<Uint8Array>(0), args.get<Uint8Array>(1)),
  ),
  overload('_+_', 'add_duration_duration', '(duration, duration) duration', (args) =>
    duration(args.get<Duration>(0).ns + args.get<Duration>(1).ns),
  ),
  overload('_+_', 'add_duration_timestamp', '(duration, timestamp) timestamp', (args) =>
    timestamp(args.get<Duration>(0).ns + args.get<Timestamp>(1).ns),
  ),
  overload('_+_', 'add_timestamp_duration', '(timestamp, duration) timestamp', (args) =>
    timestamp(args.get<Timestamp>(0).ns + args.get<Duration>(1).ns),
  ),
  overload('_-_', 'subtract_duration_duration', '(duration, duration) duration', (args) =>
    duration(args.get<Duration>(0).ns - args.get<Duration>(1).ns),
  ),
  overload('_-_', 'subtract_timestamp_duration', '(timestamp, duration) timestamp', (args) =>
    timestamp(args.get<Timestamp>(0).ns - args.get<Duration>(1).ns),
  ),
  overload('_-_', 'subtract_timestamp_timestamp', '(timestamp, timestamp) duration', (args) =>
    duration(args.get<Timestamp>(0).ns - args.get<Timestamp>(1).ns),
  ),
]

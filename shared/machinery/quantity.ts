type Format = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

const nano = 1_000_000_000n
const milli = 1_000_000n
const maxInt64 = (1n << 63n) - 1n
const decimalSuffixes: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const binarySuffixes: Record<string, number> = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 }
// A number's exponent is bounded so that hostile input cannot ask for a number of a million digits.
const maxExponent = 64

/** A fixed-point number with nine decimal places and the notation it was written in; immutable. */
// apimachinery/pkg/api/resource/quantity.go Quantity
export class Quantity {
  readonly #nanos: bigint
  readonly #format: Format

  constructor(nanos: bigint, format: Format) {
    this.#nanos = nanos
    this.#format = format
  }

  /** Negative, zero or positive, as this is less than, equal to or more than the other. */
  cmp(other: Quantity): number {
    return this.#nanos < other.#nanos ? -1 : this.#nanos > other.#nanos ? 1 : 0
  }

  /** The sum; takes the other's notation when this is zero. */
  add(other: Quantity): Quantity {
    return new Quantity(this.#nanos + other.#nanos, this.#nanos === 0n ? other.#format : this.#format)
  }

  sub(other: Quantity): Quantity {
    return new Quantity(this.#nanos - other.#nanos, this.#nanos === 0n ? other.#format : this.#format)
  }

  get isZero(): boolean {
    return this.#nanos === 0n
  }

  /** -1, 0 or 1. */
  get sign(): number {
    return this.#nanos < 0n ? -1 : this.#nanos > 0n ? 1 : 0
  }

  /** In whole units, rounded away from zero. */
  value(): number {
    return Number(divideUp(this.#nanos, nano))
  }

  /** In thousandths, rounded away from zero: what CPU is counted in. */
  milliValue(): number {
    return Number(divideUp(this.#nanos, milli))
  }

  /** As a float, for ratios. */
  asNumber(): number {
    return Number(this.#nanos) / 1e9
  }

  /** The canonical form: no fraction, the largest suffix that loses nothing. */
  toString(): string {
    if (this.#nanos === 0n) return '0'
    if (this.#format === 'BinarySI' && this.#nanos % nano === 0n) {
      const whole = this.#nanos / nano
      if (whole <= -1024n || whole >= 1024n) return binaryText(whole)
    }
    return decimalText(this.#nanos, this.#format === 'DecimalExponent')
  }

  toJSON(): string {
    return this.toString()
  }
}

function binaryText(whole: bigint): string {
  let steps = 0
  while (steps < 6 && whole % 1024n === 0n) {
    whole /= 1024n
    steps++
  }
  return `${whole}${Object.keys(binarySuffixes)[steps - 1] ?? ''}`
}

function decimalText(nanos: bigint, withExponent: boolean): string {
  let exponent = -9
  while (exponent < 18 && nanos % 1000n === 0n) {
    nanos /= 1000n
    exponent += 3
  }
  if (withExponent) return exponent === 0 ? `${nanos}` : `${nanos}e${exponent}`
  const suffix = Object.keys(decimalSuffixes).find((key) => decimalSuffixes[key] === exponent)
  return `${nanos}${suffix ?? ''}`
}

/** Rounded away from zero: who asks for a little gets a little. */
function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by
  if (value % by === 0n) return quotient
  return value < 0n ? quotient - 1n : quotient + 1n
}

const shape = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/
const numeric = /^([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))$/

/** Parses "100m", "1.5Gi", "12e6". Throws an Error with upstream's text. */
export function parseQuantity(text: string | number): Quantity {
  const parts = shape.exec(String(text))
  if (parts === null) {
    throw new Error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
  }
  const number = numeric.exec(parts[1] ?? '')
  if (number === null) throw new Error('unable to parse numeric part of quantity')
  const fraction = number[3] ?? number[4] ?? ''
  const digits = BigInt(`${number[2] ?? ''}${fraction}`)
  const { base, exponent, format } = parseSuffix(parts[2] ?? '')

  let nanos: bigint
  if (base === 2) {
    nanos = divideUp(digits * 1024n ** BigInt(exponent) * nano, 10n ** BigInt(fraction.length))
    if (nanos > maxInt64 * nano) nanos = maxInt64 * nano
  } else {
    const scale = exponent - fraction.length + 9
    nanos = scale >= 0 ? digits * 10n ** BigInt(scale) : divideUp(digits, 10n ** BigInt(-scale))
  }
  // less than one in a binary notation shows as a decimal
  const shown = format === 'BinarySI' && nanos > 0n && nanos < nano ? 'DecimalSI' : format
  return new Quantity(number[1] === '-' ? -nanos : nanos, shown)
}

function parseSuffix(suffix: string): { base: 2 | 10; exponent: number; format: Format } {
  const decimal = decimalSuffixes[suffix]
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' }
  const binary = binarySuffixes[suffix]
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'BinarySI' }
  const written = /^[eE]([-+]?\d+)$/.exec(suffix)
  const exponent = Number(written?.[1])
  if (written === null || Math.abs(exponent) > maxExponent) throw new Error("unable to parse quantity's suffix")
  return { base: 10, exponent, format: 'DecimalExponent' }
}

/** A whole number of units, written as a decimal unless told otherwise. */
export function quantityOf(units: number, format: Format = 'DecimalSI'): Quantity {
  return new Quantity(BigInt(Math.ceil(units)) * nano, format)
}

/** A number of thousandths (CPU), written as a decimal unless told otherwise. */
export function milliQuantity(thousandths: number, format: Format = 'DecimalSI'): Quantity {
  return new Quantity(BigInt(Math.ceil(thousandths)) * milli, format)
}

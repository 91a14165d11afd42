import { EvalError } from '../errors.ts'
import { type Overload, overload } from '../functions.ts'
import { type CelType, opaqueType } from '../types.ts'
import { OpaqueValue } from '../values.ts'

/** A semantic version in an expression. */
export class Semver extends OpaqueValue {
  override readonly type: CelType = opaqueType('kubernetes.Semver')
  readonly numbers: readonly bigint[]
  readonly prerelease: readonly string[]

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super()
    this.numbers = numbers
    this.prerelease = prerelease
  }

  override equals(other: OpaqueValue): boolean {
    return other instanceof Semver && this.compare(other) === 0
  }

  /** By semver.org's precedence: -1, 0 or 1. */
  compare(other: Semver): number {
    for (const [i, own] of this.numbers.entries()) {
      const their = other.numbers[i] ?? 0n
      if (own !== their) return own < their ? -1 : 1
    }
    if (this.prerelease.length === 0 || other.prerelease.length === 0) {
      return Math.sign(Number(this.prerelease.length === 0) - Number(other.prerelease.length === 0))
    }
    for (let i = 0; i < Math.min(this.prerelease.length, other.prerelease.length); i++) {
      const order = comparePart(this.prerelease[i] ?? '', other.prerelease[i] ?? '')
      if (order !== 0) return order
    }
    return Math.sign(this.prerelease.length - other.prerelease.length)
  }
}

const isNumber = (text: string): boolean => /^\d+$/.test(text)

function comparePart(a: string, b: string): number {
  if (isNumber(a) && isNumber(b))
    return a.length === b.length ? Math.sign(a.localeCompare(b)) : a.length < b.length ? -1 : 1
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

const number = '(0|[1-9]\\d*)'
const part = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)'
const shape = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-(${part}(?:\\.${part})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
)
const maxLength = 500

/** The version that the text is; undefined when it is none by semver.org. */
export function parseSemver(text: string): Semver | undefined {
  const match = text.length > maxLength ? null : shape.exec(text)
  if (match === null) return undefined
  const numbers = match.slice(1, 4).map((digits) => BigInt(digits))
  if (numbers.some((one) => one >= 1n << 64n)) return undefined
  return new Semver(numbers, match[4]?.split('.') ?? [])
}

/** Without a leading v and leading zeros, and with what is missing as zeros; undefined when it is none. */
function normalize(text: string): string | undefined {
  if (text.length > maxLength) return undefined
  const bare = text.replace(/^v/, '')
  const [first = '', second, ...rest] = bare.split('.')
  const parts = [first, ...(second === undefined ? [] : [second]), ...(rest.length > 0 ? [rest.join('.')] : [])]
  const trimmed = parts.map((one) => (one.length > 1 ? one.replace(/^0+/, '').replace(/^(?!\d)/, '0') : one))
  if (trimmed.length < 3 && /[+-]/.test(trimmed.at(-1) ?? '')) return undefined
  while (trimmed.length < 3) trimmed.push('0')
  return trimmed.join('.')
}

const lenient = (text: string, normalized: boolean): Semver | undefined => {
  const wanted = normalized ? normalize(text) : text
  return wanted === undefined ? undefined : parseSemver(wanted)
}

function semver(text: string, normalized: boolean): Semver {
  const found = lenient(text, normalized)
  if (found !== undefined) return found
  const parts = text.split('.')
  if (text === '') throw new EvalError('Version string empty')
  if (parts.length < 3) throw new EvalError('No Major.Minor.Patch elements found')
  throw new EvalError(`Invalid character(s) found in version ${JSON.stringify(text.slice(0, 100))}`)
}

const type = 'kubernetes.Semver'
const relation = (name: string, id: string, holds: (order: number) => boolean): Overload =>
  overload(name, id, `${type}.(${type}) bool`, (args) => holds(args.get<Semver>(0).compare(args.get<Semver>(1))))

/** apiserver/pkg/cel/library/semverlib.go, version 1. */
export const semverLibrary: readonly Overload[] = [
  overload('semver', 'string_to_semver', `(string) ${type}`, (args) => semver(args.get<string>(0), false)),
  overload('semver', 'string_bool_to_semver', `(string, bool) ${type}`, (args) =>
    semver(args.get<string>(0), args.get<boolean>(1)),
  ),
  overload(
    'isSemver',
    'is_semver_string',
    '(string) bool',
    (args) => lenient(args.get<string>(0), false) !== undefined,
  ),
  overload('isSemver', 'is_semver_string_bool', '(string, bool) bool', (args) => {
    return lenient(args.get<string>(0), args.get<boolean>(1)) !== undefined
  }),
  relation('isGreaterThan', 'semver_is_greater_than', (order) => order > 0),
  relation('isLessThan', 'semver_is_less_than', (order) => order < 0),
  overload('compareTo', 'semver_compare_to', `${type}.(${type}) int`, (args) =>
    BigInt(args.get<Semver>(0).compare(args.get<Semver>(1))),
  ),
  ...['major', 'minor', 'patch'].map((name, i) =>
    overload(name, `semver_${name}`, `${type}.() int`, (args) =>
      BigInt.asIntN(64, args.get<Semver>(0).numbers[i] ?? 0n),
    ),
  ),
]

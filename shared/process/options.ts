/** Turns a flag's text into its value; throws an Error that says what is expected. */
type Parse<T> = (text: string) => T

interface Flag<T> {
  parse: Parse<T>
  /** What the value is when the flag is not given; without one the flag must be given. */
  default?: T
  optional?: boolean
  /** May stand without a value, which then is "true". */
  isBoolean?: boolean
  help: string
}

export type FlagSpec = Record<string, Flag<unknown>>
/** The values by flag name, e.g. `values['secure-port']`. */
export type FlagValues<S extends FlagSpec> = { [K in keyof S]: S[K] extends Flag<infer T> ? T : never }

/** A text that may not be empty; must be given when there is no default. */
export function text(help: string, fallback?: string): Flag<string> {
  return { parse: nonEmpty, default: fallback, help }
}

/** A text that may be left out. */
export function optionalText(help: string): Flag<string | undefined> {
  return { parse: (value) => value || undefined, optional: true, help }
}

/** Texts between commas. */
export function list(help: string, fallback: string[]): Flag<string[]> {
  return { parse: (value) => value.split(',').filter((part) => part !== ''), default: fallback, help }
}

export function integer(help: string, fallback: number, min = 0, max = Number.MAX_SAFE_INTEGER): Flag<number> {
  const parse = (value: string): number => {
    const number = /^-?\d+$/.test(value) ? Number(value) : NaN
    if (number >= min && number <= max) return number
    throw new Error(`must be a whole number from ${min} to ${max}`)
  }
  return { parse, default: fallback, help }
}

export const port = (help: string, fallback: number): Flag<number> => integer(help, fallback, 0, 65535)

export function boolean(help: string, fallback: boolean): Flag<boolean> {
  const parse = (value: string): boolean => {
    // what Go's strconv.ParseBool takes
    if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) return true
    if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value)) return false
    throw new Error('must be true or false')
  }
  return { parse, default: fallback, isBoolean: true, help }
}

/** A Go duration such as 40s or 1m30s, as milliseconds. */
export function duration(help: string, fallbackMs: number): Flag<number> {
  return { parse: parseDuration, default: fallbackMs, help }
}

/** One of the given texts. */
export function oneOf<T extends string>(help: string, values: readonly T[], fallback: T): Flag<T> {
  const parse = (value: string): T => {
    const found = values.find((v) => v === value)
    if (found === undefined) throw new Error(`must be one of: ${values.join(', ')}`)
    return found
  }
  return { parse, default: fallback, help }
}

function nonEmpty(value: string): string {
  if (value === '') throw new Error('must not be empty')
  return value
}

const unitMs: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a Go duration. Throws on anything else. */
export function parseDuration(value: string): number {
  if (value === '0') return 0
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)]
  const length = parts.reduce((sum, part) => sum + part[0].length, 0)
  if (parts.length === 0 || length !== value.length) throw new Error('must be a duration such as 40s or 1m30s')
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unitMs[unit ?? ''] ?? 0), 0)
}

/** A problem with the command line. */
export class FlagError extends Error {}

/**
 * Reads `--name=value`, `--name value` and, for booleans, `--name`. Underscores in names count as dashes, as
 * upstream. Throws FlagError for an unknown flag, a missing one, a bad value or anything that is no flag.
 */
// component-base/cli/flag WordSepNormalizeFunc
export function readFlags<S extends FlagSpec>(spec: S, argv: readonly string[]): FlagValues<S> {
  const values: Record<string, unknown> = {}
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? ''
    const match = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(arg)
    if (match === null) throw new FlagError(`unexpected argument: ${arg}`)
    const name = (match[1] ?? '').replaceAll('_', '-')
    const flag = Object.hasOwn(spec, name) ? spec[name] : undefined
    if (flag === undefined) throw new FlagError(`unknown flag: --${name}`)
    let value = match[2]
    if (value === undefined && flag.isBoolean) value = 'true'
    value ??= argv[++i]
    if (value === undefined) throw new FlagError(`flag needs an argument: --${name}`)
    try {
      values[name] = flag.parse(value)
    } catch (error) {
      throw new FlagError(`invalid argument "${value}" for --${name}: ${(error as Error).message}`)
    }
  }
  for (const [name, flag] of Object.entries(spec)) {
    if (Object.hasOwn(values, name)) continue
    if (flag.default === undefined && !flag.optional) throw new FlagError(`missing flag: --${name} (${flag.help})`)
    values[name] = flag.default
  }
  return values as FlagValues<S>
}

/** As readFlags, for a program's main: --help prints the flags and ends with 0, a problem is one line and ends with 2. */
export function parseFlags<S extends FlagSpec>(program: string, spec: S, argv: readonly string[]): FlagValues<S> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(helpText(program, spec))
    process.exit(0)
  }
  try {
    return readFlags(spec, argv)
  } catch (error) {
    if (!(error instanceof FlagError)) throw error
    process.stderr.write(`${program}: ${error.message}\nSee '${program} --help' for usage.\n`)
    process.exit(2)
  }
}

function helpText(program: string, spec: FlagSpec): string {
  const lines = Object.entries(spec).map(([name, flag]) => {
    const fallback = flag.default === undefined ? '' : ` (default ${String(flag.default)})`
    return `  --${name}  ${flag.help}${fallback}\n`
  })
  return `Usage: ${program} [flags]\n\nFlags:\n${lines.join('')}`
}

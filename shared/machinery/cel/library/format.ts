import { isDNS1035Label, isDNS1123Label, isDNS1123Subdomain, isQualifiedName, isLabelValue } from '../../names.ts'
import { quote } from '../../quote.ts'
import { type Overload, overload } from '../functions.ts'
import { type CelType, opaqueType } from '../types.ts'
import { ArrayList, OpaqueValue, Optional } from '../values.ts'
import { parseTimestamp } from './time-text.ts'
import { parseUrl } from './url.ts'

class Format extends OpaqueValue {
  override readonly type: CelType = opaqueType('kubernetes.NamedFormat')
  readonly name: string
  readonly problems: (text: string) => string[]
  /** How long its pattern is, for costs. */
  override readonly costSize: number

  constructor(name: string, costSize: number, problems: (text: string) => string[]) {
    super()
    this.name = name
    this.costSize = costSize
    this.problems = problems
  }

  override equals(other: OpaqueValue): boolean {
    return other instanceof Format && other.name === this.name
  }
}

/** A prefix may end in a dash: it is checked as if a letter stood there. */
const asPrefix = (text: string): string => (text.length > 1 && text.endsWith('-') ? `${text.slice(0, -1)}a` : text)
const unless = (holds: boolean, problem: string): string[] => (holds ? [] : [problem])
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const base64 = /^(?:[A-Za-z0-9+\\/]{4})*(?:[A-Za-z0-9+\\/]{2}==|[A-Za-z0-9+\\/]{3}=|[A-Za-z0-9+\\/]{4})$/

/** apiserver/pkg/cel/library/format.go ConstantFormats. */
const formats = [
  new Format('dns1123Label', 30, isDNS1123Label),
  new Format('dns1123Subdomain', 60, isDNS1123Subdomain),
  new Format('dns1035Label', 30, isDNS1035Label),
  new Format('qualifiedName', 60, isQualifiedName),
  new Format('dns1123LabelPrefix', 30, (text) => isDNS1123Label(asPrefix(text))),
  new Format('dns1123SubdomainPrefix', 60, (text) => isDNS1123Subdomain(asPrefix(text))),
  new Format('dns1035LabelPrefix', 30, (text) => isDNS1035Label(asPrefix(text))),
  new Format('labelValue', 40, isLabelValue),
  new Format('uri', 1000, (text) => {
    const parts = parseUrl(text)
    return typeof parts === 'string' ? [`parse ${quote(text)}: ${parts}`] : []
  }),
  new Format('uuid', 100, (text) => unless(uuid.test(text), 'does not match the UUID format')),
  new Format('byte', 90, (text) => unless(base64.test(text), 'invalid base64')),
  new Format('date', 120, (text) => {
    return unless(/^\d{4}-\d\d-\d\d$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined, 'invalid date')
  }),
  new Format('datetime', 120, (text) => unless(parseTimestamp(text) !== undefined, 'invalid datetime')),
]

const type = 'kubernetes.NamedFormat'

/** apiserver/pkg/cel/library/format.go. */
export const formatLibrary: readonly Overload[] = [
  ...formats.map((format) => overload(`format.${format.name}`, `format.${format.name}`, `() ${type}`, () => format)),
  overload('format.named', 'format-named', `(string) optional(${type})`, (args) => {
    const found = formats.find(({ name }) => name === args.get(0))
    return found === undefined ? Optional.none : new Optional(found)
  }),
  overload('validate', 'format-validate', `${type}.(string) optional(list(string))`, (args, context) => {
    const text = args.get<string>(1)
    context.work(text.length >> 3)
    const problems = args.get<Format>(0).problems(text)
    return problems.length === 0 ? Optional.none : new Optional(new ArrayList(problems))
  }),
]

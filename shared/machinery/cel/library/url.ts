import { quote } from '../../quote.ts'
import { EvalError } from '../errors.ts'
import { type Overload, overload } from '../functions.ts'
import { type CelType, opaqueType } from '../types.ts'
import { ArrayList, HashMap, OpaqueValue, type Value } from '../values.ts'

interface Parts {
  scheme: string
  host: string
  path: string
  query: string
}

class UrlValue extends OpaqueValue {
  override readonly type: CelType = opaqueType('kubernetes.URL')
  readonly parts: Parts
  constructor(parts: Parts) {
    super()
    this.parts = parts
  }
  override equals(other: OpaqueValue): boolean {
    return other instanceof UrlValue && JSON.stringify(other.parts) === JSON.stringify(this.parts)
  }
}

// Go net/url ParseRequestURI: an absolute URI or an absolute path; what is behind # belongs to what is before
/** The parts of a URL, or what is wrong with it. */
export function parseUrl(text: string): Parts | string {
  if (/[\x00-\x1f\x7f]/.test(text)) return 'net/url: invalid control character in URL'
  if (text === '') return 'empty url'
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(.*)$/su.exec(text)
  const scheme = (match?.[1] ?? '').toLowerCase()
  const rest = match?.[2] ?? ''
  if (scheme === '' && !rest.startsWith('/')) {
    if (rest.startsWith(':')) return 'missing protocol scheme'
    return 'invalid URI for request'
  }
  if (scheme !== '' && !rest.startsWith('/')) return 'invalid URI for request'
  const at = rest.indexOf('?')
  const before = at < 0 ? rest : rest.slice(0, at)
  const query = at < 0 ? '' : rest.slice(at + 1)
  let host = ''
  let path = before
  if (before.startsWith('//') && (scheme !== '' || !before.startsWith('///'))) {
    const end = before.indexOf('/', 2)
    host = (end < 0 ? before.slice(2) : before.slice(2, end)).replace(/^.*@/s, '')
    path = end < 0 ? '' : before.slice(end)
  }
  const wrong = hostProblem(host)
  if (wrong !== undefined) return wrong
  const escape = /%(?![0-9a-fA-F]{2}).{0,2}/su.exec(path)
  if (escape) return `invalid URL escape ${quote(escape[0])}`
  return { scheme, host, path, query }
}

function hostProblem(host: string): string | undefined {
  if (/[ "<>\\^`{|}]/.test(host))
    return `invalid character ${quote(/[ "<>\\^`{|}]/.exec(host)?.[0] ?? '')} in host name`
  if (host.startsWith('[') && !host.includes(']')) return "missing ']' in host"
  const port = /(?:^|\]|^[^\]]*)(:[^:\]]*)$/.exec(host)?.[1] ?? ''
  return /^(:\d*)?$/.test(port) ? undefined : `invalid port ${quote(port)} after host`
}

const hostName = (host: string): string =>
  host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:[^:]*$/, '')
const port = (host: string): string =>
  /:(\d*)$/.exec(host.startsWith('[') ? host.slice(host.indexOf(']')) : host)?.[1] ?? ''

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function queryOf(query: string): HashMap {
  const values = new Map<string, Value[]>()
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const at = pair.indexOf('=')
    const key = decode(at < 0 ? pair : pair.slice(0, at))
    const value = decode(at < 0 ? '' : pair.slice(at + 1))
    if (key === undefined || value === undefined) continue
    const known = values.get(key)
    if (known === undefined) values.set(key, [value])
    else known.push(value)
  }
  return new HashMap(Array.from(values, ([key, list]) => [key, new ArrayList(list)] as const))
}

const type = 'kubernetes.URL'
const read = (name: string, result: string, of: (parts: Parts) => Value): Overload =>
  overload(name, `url_${name}`, `${type}.() ${result}`, (args) => of(args.get<UrlValue>(0).parts))

/** apiserver/pkg/cel/library/urls.go. */
export const urlLibrary: readonly Overload[] = [
  overload('url', 'string_to_url', `(string) ${type}`, (args) => {
    const text = args.get<string>(0)
    const parts = parseUrl(text)
    if (typeof parts !== 'string') return new UrlValue(parts)
    throw new EvalError(`URL parse error during conversion from string: parse ${quote(text)}: ${parts}`)
  }),
  overload('isURL', 'is_url_string', '(string) bool', (args) => typeof parseUrl(args.get<string>(0)) !== 'string'),
  read('getScheme', 'string', ({ scheme }) => scheme),
  read('getHost', 'string', ({ host }) => host),
  read('getHostname', 'string', ({ host }) => hostName(host)),
  read('getPort', 'string', ({ host }) => port(host)),
  read('getEscapedPath', 'string', ({ path }) => path),
  read('getQuery', 'map(string, list(string))', ({ query }) => queryOf(query)),
]

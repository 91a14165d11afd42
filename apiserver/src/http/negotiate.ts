import { notAcceptable } from '@kubets/shared/machinery/errors.ts'

export type Transform = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'
export type Format = 'json' | 'yaml' | 'protobuf'

/** The form of an answer. */
export interface Form {
  format: Format
  pretty: boolean
  transform?: Transform
  /** The version of meta.k8s.io in which the transform was asked for. */
  metaVersion?: 'v1' | 'v1beta1'
}

export interface MediaRange {
  type: string
  parameters: Readonly<Record<string, string>>
  quality: number
}

/** What an endpoint can say. */
export interface Offer {
  /** The answer may be a Table or metadata alone. */
  transformable: boolean
  /** Plain objects have a protobuf form; those of custom kinds have none. */
  protobuf: boolean
}

/** Media types by format, in the order in which they are tried. */
export const mediaTypes: Readonly<Record<Format, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}
export const answerTypes = Object.values(mediaTypes)
/** YAML has no form for a stream of events. */
export const streamTypes = [mediaTypes.json, mediaTypes.protobuf].map((type) => `${type};stream=watch`)

const formats = Object.keys(mediaTypes) as Format[]

// github.com/munnerz/goautoneg ParseAccept
/** The media ranges of an Accept header, the most wanted first, among equals the more exact one. */
export function parseAccept(header: string): MediaRange[] {
  const ranges = header.split(',').map((part) => {
    const [type = '', ...rest] = part.split(';').map((piece) => piece.trim())
    const parameters = Object.fromEntries(rest.map((piece) => keyAndValue(piece)))
    const quality = parameters['q'] === undefined ? 1 : Number(parameters['q'])
    return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 0 : quality }
  })
  return ranges
    .filter(({ type }) => type !== '')
    .sort((a, b) => b.quality - a.quality || wildcards(a.type) - wildcards(b.type))
}

const wildcards = (type: string): number => type.split('*').length

function keyAndValue(piece: string): [string, string] {
  const equals = piece.indexOf('=')
  if (equals < 0) return [piece.toLowerCase(), '']
  return [
    piece.slice(0, equals).trim().toLowerCase(),
    piece
      .slice(equals + 1)
      .trim()
      .replace(/^"|"$/g, ''),
  ]
}

// apiserver/pkg/endpoints/handlers/negotiation/negotiate.go NegotiateOutputMediaType
/** The first wanted form that there is. Throws 406. */
export function negotiate(
  accept: string | undefined,
  query: URLSearchParams,
  userAgent: string | undefined,
  offer: Offer,
): Form {
  const asked = isPretty(query.get('pretty'), userAgent)
  if (accept === undefined || accept === '') return { format: 'json', pretty: asked }
  for (const { type, parameters } of parseAccept(accept)) {
    for (const format of formats) {
      if (!fits(type, mediaTypes[format])) continue
      const form = formWith(parameters, format, offer)
      if (form) return { ...form, pretty: asked || parameters['pretty'] === '1' }
    }
  }
  throw notAcceptable(answerTypes)
}

const fits = (range: string, type: string): boolean =>
  range === type || range === '*/*' || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)))

// negotiate.go acceptMediaTypeOptions, ../rest.go RequestScope.AllowsMediaTypeTransform
/** What a media range's parameters ask for; undefined when it is not to be had. */
function formWith(
  { as, g, v, stream, sv }: MediaRange['parameters'],
  format: Format,
  offer: Offer,
): Omit<Form, 'pretty'> | undefined {
  if (stream && (stream !== 'watch' || format === 'yaml')) return undefined
  if (sv && !(offer.transformable && sv === 'v1')) return undefined
  if (as === undefined && g === undefined && v === undefined) {
    return format === 'protobuf' && !offer.protobuf ? undefined : { format }
  }
  if (!offer.transformable || g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) return undefined
  switch (as) {
    case 'Table':
      return format === 'protobuf' ? undefined : { format, transform: as, metaVersion: v }
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return { format, transform: as, metaVersion: v }
    default:
      return undefined
  }
}

// negotiate.go isPrettyPrint
/** People with a terminal or a browser get indented JSON. */
export function isPretty(asked: string | null, userAgent = ''): boolean {
  if (asked) return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(asked)
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent)
}

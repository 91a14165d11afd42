import { notAcceptable } from '@kubets/shared/machinery/errors.ts'

export type Transform = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'

/** The form of an answer. */
export interface Form {
  format: 'json' | 'yaml'
  pretty: boolean
  transform?: Transform
}

export interface MediaRange {
  type: string
  parameters: Readonly<Record<string, string>>
  quality: number
}

export const answerTypes = ['application/json', 'application/yaml']
const transforms = new Set<string>(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'])

/** The media ranges of an Accept header, the most wanted first. */
export function parseAccept(header: string): MediaRange[] {
  const ranges = header.split(',').map((part) => {
    const [type = '', ...rest] = part.split(';').map((piece) => piece.trim())
    const parameters = Object.fromEntries(rest.map((piece) => keyAndValue(piece)))
    const quality = parameters['q'] === undefined ? 1 : Number(parameters['q'])
    return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 0 : quality }
  })
  return ranges.filter(({ type }) => type !== '').sort((a, b) => b.quality - a.quality)
}

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

// staging/src/k8s.io/apiserver/pkg/endpoints/handlers/negotiation/negotiate.go NegotiateOutputMediaType
/** The first wanted form that there is. Throws 406. `transformable`: the answer may be a Table or metadata alone. */
export function negotiate(
  accept: string | undefined,
  query: URLSearchParams,
  userAgent: string | undefined,
  transformable: boolean,
): Form {
  const ranges = accept === undefined || accept.trim() === '' ? [] : parseAccept(accept)
  for (const { type, parameters } of ranges.length > 0 ? ranges : parseAccept('*/*')) {
    const format = formatOf(type)
    if (format === undefined) continue
    const pretty = isPretty(query.get('pretty') ?? parameters['pretty'], userAgent)
    const as = parameters['as']
    if (as === undefined) return { format, pretty }
    if (!transformable || !transforms.has(as)) continue
    if (parameters['g'] !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(parameters['v'] ?? '')) continue
    return { format, pretty, transform: as as Transform }
  }
  throw notAcceptable(answerTypes)
}

function formatOf(type: string): 'json' | 'yaml' | undefined {
  switch (type) {
    case 'application/json':
    case 'application/*':
    case '*/*':
      return 'json'
    case 'application/yaml':
      return 'yaml'
    default:
      return undefined
  }
}

/** People with a terminal or a browser get indented JSON. */
function isPretty(asked: string | undefined, userAgent = ''): boolean {
  if (asked !== undefined) return asked === '' || asked === '1' || asked.toLowerCase() === 'true'
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent)
}

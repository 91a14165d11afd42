import { X509Certificate } from 'node:crypto'

const begin = '-----BEGIN '
const dashes = '-----'

interface Block {
  type: string
  headers: boolean
  body: string
  rest: string
}

/** Why these bytes hold no certificate to trust; undefined: they hold one. */
// client-go/transport/transport.go rootCertPool, createErrorParsingCAData
export function caBundleProblem(base64: string): string | undefined {
  let rest = Buffer.from(base64, 'base64').toString('latin1')
  let problem: string | undefined
  while (rest !== '') {
    const block = nextBlock(rest)
    if (!block) return problem ?? 'unable to parse bytes as PEM block'
    rest = block.rest
    if (block.type !== 'CERTIFICATE' || block.headers) continue
    if (isCertificate(block.body)) return undefined
    problem ??= 'failed to parse certificate: x509: malformed certificate'
  }
  return problem ?? 'no valid certificate authority data seen'
}

function isCertificate(body: string): boolean {
  try {
    return new X509Certificate(Buffer.from(body, 'base64')).raw.length > 0
  } catch {
    return false
  }
}

// encoding/pem Decode
function nextBlock(text: string): Block | undefined {
  const start = text.startsWith(begin) ? 0 : text.indexOf(`\n${begin}`) + 1
  if (start === 0 && !text.startsWith(begin)) return undefined
  const lineEnd = text.indexOf('\n', start)
  const line = text.slice(start + begin.length, lineEnd < 0 ? undefined : lineEnd).trimEnd()
  if (lineEnd < 0 || !line.endsWith(dashes)) return undefined
  const type = line.slice(0, -dashes.length)
  const end = text.indexOf(`-----END ${type}${dashes}`, lineEnd)
  if (end < 0) return undefined
  const body = text.slice(lineEnd, end)
  const rest = text.slice(end + `-----END ${type}${dashes}`.length).replace(/^[ \t\r]*\n?/, '')
  return { type, headers: body.includes(':'), body, rest }
}

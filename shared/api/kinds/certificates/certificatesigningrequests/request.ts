import { createPublicKey, verify, X509Certificate } from 'node:crypto'

/** One value of DER: its tag, what it contains, and all of its bytes. */
interface Element {
  tag: number
  content: Buffer
  whole: Buffer
}

const sequence = 0x30
const bitString = 0x03
const malformed = 'asn1: structure error: malformed certificate request'

/** The elements one after another in some bytes. Throws an Error for what is no DER. */
function elements(bytes: Buffer): Element[] {
  const found: Element[] = []
  let at = 0
  while (at < bytes.length) {
    let length = bytes[at + 1] ?? -1
    let start = at + 2
    if (length >= 0x80) {
      const digits = length & 0x7f
      if (digits < 1 || digits > 4) throw new Error(malformed)
      if (start + digits > bytes.length) throw new Error(malformed)
      length = bytes.readUIntBE(start, digits)
      start += digits
    }
    const end = start + length
    if (length < 0 || end > bytes.length) throw new Error(malformed)
    found.push({ tag: bytes[at]!, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) })
    at = end
  }
  return found
}

// object identifiers as DER holds them
const hashes: Readonly<Record<string, string | null>> = {
  '2a864886f70d010105': 'sha1',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  // Ed25519 needs none
  '2b6570': null,
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\s]*)-----END \1-----/g

/** What is wrong with a PEM certificate request (base64 of it, as the API has bytes), its signature included. */
// pkg/apis/certificates/validation/validation.go validateCSR
export function requestProblem(base64: string): string | undefined {
  const [first] = Buffer.from(base64, 'base64').toString('latin1').matchAll(block)
  if (first?.[1] !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST'
  try {
    return signatureProblem(Buffer.from(first[2] ?? '', 'base64'))
  } catch (error) {
    return error instanceof Error ? error.message : malformed
  }
}

function signatureProblem(der: Buffer): string | undefined {
  const [outer] = elements(der)
  if (outer?.tag !== sequence) return malformed
  const [info, algorithm, signature] = elements(outer.content)
  if (info?.tag !== sequence || algorithm?.tag !== sequence || signature?.tag !== bitString) return malformed
  const [, , publicKey] = elements(info.content)
  const [identifier] = elements(algorithm.content)
  if (!publicKey || !identifier) return malformed
  const hash = hashes[identifier.content.toString('hex')]
  if (hash === undefined) return 'x509: cannot verify signature: algorithm unimplemented'
  const key = createPublicKey({ key: publicKey.whole, format: 'der', type: 'spki' })
  // a bit string begins with how many bits of its last byte do not count
  const fine = verify(hash, info.whole, key, signature.content.subarray(1))
  return fine ? undefined : 'x509: invalid signature: the request is not signed by the key in it'
}

/** What is wrong with issued certificates (base64 of PEM); undefined where they are fine. */
// pkg/apis/certificates/validation/validation.go validateCertificate
export function certificateProblem(base64: string): string | undefined {
  if (base64 === '') return undefined
  const blocks = [...Buffer.from(base64, 'base64').toString('latin1').matchAll(block)]
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block'
  for (const [pem, type] of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found "${type}"`
    try {
      new X509Certificate(pem)
    } catch {
      return 'x509: malformed certificate'
    }
  }
  return undefined
}

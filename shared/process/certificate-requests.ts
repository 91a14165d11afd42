// @peculiar/x509 needs it loaded first
import 'reflect-metadata'
import { createPrivateKey, randomBytes, webcrypto, type KeyObject } from 'node:crypto'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(webcrypto as unknown as typeof globalThis.crypto)

/** What a certificate signing request asks for. */
export interface CertificateRequest {
  /** '' when it names nobody. */
  commonName: string
  organizations: string[]
  dnsNames: string[]
  emailAddresses: string[]
  ipAddresses: string[]
  uris: string[]
  /** Whom the certificate is to name, as an authority writes it. */
  subject: x509.JsonNameParams
  publicKey: x509.PublicKey
}

/** Who signs. */
export interface Authority {
  certificate: x509.X509Certificate
  key: webcrypto.CryptoKey
  algorithm: SigningAlgorithm
}

interface SigningAlgorithm {
  name: string
  hash?: string
  namedCurve?: string
}

export interface IssuedFor {
  notBefore: Date
  notAfter: Date
  keyUsages: readonly (keyof typeof x509.KeyUsageFlags)[]
  /** Object identifiers. */
  extendedKeyUsages: readonly string[]
}

// crypto/x509/pkix pkix.go Name.ToRDNSequence: these attributes, in this order, and no others
const country = '2.5.4.6'
const organization = '2.5.4.10'
const commonName = '2.5.4.3'
const serialNumber = '2.5.4.5'
const alternativeNames = '2.5.29.17'
const lists = [country, organization, '2.5.4.11', '2.5.4.7', '2.5.4.8', '2.5.4.9', '2.5.4.17']

/** Reads a request (PEM). Throws an Error on what is none. Its signature is not looked at: the apiserver did that. */
// pkg/apis/certificates/helpers.go ParseCSR, crypto/x509 x509.go parseCertificateRequest
export function readRequest(pem: string): CertificateRequest {
  const [, type, base64 = ''] = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END /.exec(pem) ?? []
  if (type !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST')
  const request = new x509.Pkcs10CertificateRequest(Buffer.from(base64, 'base64'))
  const valuesOf = (id: string): string[] => request.subjectName.getField(id)
  const extension = request.getExtension(alternativeNames)
  const names = extension instanceof x509.SubjectAlternativeNameExtension ? extension.names.items : []
  const namesOf = (type: x509.GeneralNameType): string[] =>
    names.filter((name) => name.type === type).map(({ value }) => value)
  const named = [
    ...lists.map((id): [string, string[]] => [id, valuesOf(id)]),
    ...[commonName, serialNumber].map((id): [string, string[]] => [id, valuesOf(id).slice(-1).filter(Boolean)]),
  ]
  return {
    commonName: valuesOf(commonName).at(-1) ?? '',
    organizations: valuesOf(organization),
    dnsNames: namesOf('dns'),
    emailAddresses: namesOf('email'),
    ipAddresses: namesOf('ip'),
    uris: namesOf('url'),
    subject: named.filter(([, values]) => values.length > 0).map(([id, values]) => ({ [id]: asSet(values) })),
    publicKey: request.publicKey,
  }
}

/** The values in the order of their DER: shorter ones first, then by tag (UTF-8 texts have the lower one) and bytes. */
// encoding/asn1 marshal.go makeField, setEncoder
function asSet(values: readonly string[]): x509.JsonAttributeObject[] {
  const texts = values.map((value) => {
    const isPrintable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value)
    return { value, isPrintable, bytes: Buffer.from(value) }
  })
  texts.sort(
    (a, b) =>
      a.bytes.length - b.bytes.length ||
      Number(a.isPrintable) - Number(b.isPrintable) ||
      Buffer.compare(a.bytes, b.bytes),
  )
  return texts.map(({ value, isPrintable }) => (isPrintable ? { printableString: value } : { utf8String: value }))
}

/** Reads an authority's certificate and its key (PEM). Throws an Error when the key is of a type that does not sign here. */
export async function readAuthority(cert: string, key: string): Promise<Authority> {
  const privateKey = createPrivateKey(key)
  const algorithm = algorithmOf(privateKey)
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  return {
    certificate: new x509.X509Certificate(cert),
    key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    algorithm,
  }
}

const hashOfCurve: Readonly<Record<string, [namedCurve: string, hash: string]>> = {
  prime256v1: ['P-256', 'SHA-256'],
  secp384r1: ['P-384', 'SHA-384'],
  secp521r1: ['P-521', 'SHA-512'],
}

// crypto/x509 x509.go signingParamsForKey
function algorithmOf(key: KeyObject): SigningAlgorithm {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  if (key.asymmetricKeyType === 'ed25519') return { name: 'Ed25519' }
  const curve = hashOfCurve[key.asymmetricKeyDetails?.namedCurve ?? '']
  if (key.asymmetricKeyType !== 'ec' || curve === undefined) {
    throw new Error('the key of the certificate authority must be RSA, ECDSA (P-256, P-384, P-521) or Ed25519')
  }
  return { name: 'ECDSA', namedCurve: curve[0], hash: curve[1] }
}

/** The certificate (PEM) that the authority issues for the request, for these usages only. */
// pkg/controller/certificates/authority/authority.go Sign, crypto/x509 x509.go buildCertExtensions
export async function issueForRequest(
  authority: Authority,
  request: CertificateRequest,
  given: IssuedFor,
): Promise<string> {
  const { certificate, key, algorithm } = authority
  const { dnsNames, emailAddresses, ipAddresses, uris, subject } = request
  const names: x509.JsonGeneralNames = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...emailAddresses.map((value) => ({ type: 'email' as const, value })),
    ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
    ...uris.map((value) => ({ type: 'url' as const, value })),
  ]
  const usages = given.keyUsages.reduce((flags, name) => flags | x509.KeyUsageFlags[name], 0)
  const keyId = certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId
  const issued = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(16).toString('hex'),
    subject: new x509.Name(subject),
    issuer: certificate.subjectName,
    notBefore: given.notBefore,
    notAfter: given.notAfter,
    publicKey: request.publicKey,
    signingKey: key,
    signingAlgorithm: algorithm as x509.X509CertificateCreateWithKeyParams['signingAlgorithm'],
    extensions: [
      ...(usages ? [new x509.KeyUsagesExtension(usages, true)] : []),
      ...(given.extendedKeyUsages.length > 0 ? [new x509.ExtendedKeyUsageExtension([...given.extendedKeyUsages])] : []),
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(keyId === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(keyId)]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names, subject.length === 0)] : []),
    ],
  })
  return `${issued.toString('pem')}\n`
}

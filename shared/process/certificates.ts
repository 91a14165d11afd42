// @peculiar/x509 needs it loaded first
import 'reflect-metadata'
import { generateKeyPair, randomBytes, webcrypto, type webcrypto as WebCrypto } from 'node:crypto'
import { promisify } from 'node:util'
import * as x509 from '@peculiar/x509'
import { realClock } from './clock.ts'

export interface CertificateAndKey {
  /** PEM */
  cert: string
  /** PEM, PKCS #8 */
  key: string
}

interface CertificateOptions {
  /** Whom it names: the user name of a client. */
  commonName: string
  /** The groups of a client. */
  organizations?: string[]
  dnsNames?: string[]
  ipAddresses?: string[]
  usages: ('client' | 'server')[]
  days: number
}

x509.cryptoProvider.set(webcrypto as unknown as typeof globalThis.crypto)

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000
const authorityDays = 3650
// clocks of other machines may be behind ours
const backdateMs = 5 * 60_000

/** A self-signed certificate authority, good for ten years. */
// client-go util/cert/cert.go NewSelfSignedCACert
export async function createCA(commonName: string): Promise<CertificateAndKey> {
  const keys = await generateKeys()
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(authorityDays),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment | x509.KeyUsageFlags.keyCertSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: pem(cert), key: await exportKey(keys.privateKey) }
}

/** A certificate signed by the CA, with a new key. */
// client-go util/cert/cert.go, kubeadm util/pkiutil/pki_helpers.go NewSignedCert
export async function issueCertificate(ca: CertificateAndKey, options: CertificateOptions): Promise<CertificateAndKey> {
  const { commonName, organizations = [], dnsNames = [], ipAddresses = [], usages, days } = options
  const keys = await generateKeys()
  const authority = new x509.X509Certificate(ca.cert)
  const names: x509.JsonGeneralNames = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ]
  const purposes = usages.map((u) =>
    u === 'client' ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth,
  )
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...organizations.map((o) => ({ O: [o] })), { CN: [commonName] }],
    issuer: authority.subject,
    ...validity(days),
    signingKey: await importKey(ca.key),
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension(purposes),
      await x509.AuthorityKeyIdentifierExtension.create(authority),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  })
  return { cert: pem(cert), key: await exportKey(keys.privateKey) }
}

/** The RSA key pair that signs and verifies service account tokens, as PEM texts. */
export async function generateServiceAccountKeys(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}

function generateKeys(): Promise<WebCrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = realClock.now()
  return { notBefore: new Date(now - backdateMs), notAfter: new Date(now + days * dayMs) }
}

/** Positive and never zero. */
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`
}

const pem = (cert: x509.X509Certificate): string => `${cert.toString('pem')}\n`

async function exportKey(key: WebCrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key)
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`
}

function importKey(text: string): Promise<WebCrypto.CryptoKey> {
  const [der] = x509.PemConverter.decode(text)
  if (der === undefined) throw new Error('the key of the certificate authority is not a PEM file')
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
}

/** The groups that a certificate signing request (PEM) asks for. Throws on what is no such request. */
export function organizationsOfRequest(pem: string): string[] {
  return new x509.Pkcs10CertificateRequest(pem).subjectName.getField('O')
}

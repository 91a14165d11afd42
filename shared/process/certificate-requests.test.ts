// @peculiar/x509 needs it loaded first
import 'reflect-metadata'
import { generateKeyPairSync, KeyObject, webcrypto, X509Certificate } from 'node:crypto'
import { Name, Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509'
import { describe, expect, it } from 'vitest'
import { issueForRequest, readAuthority, readRequest } from './certificate-requests.ts'
import { createCA } from './certificates.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
const request = async (name: ConstructorParameters<typeof Name>[0], names?: SubjectAlternativeNameExtension) => {
  const extensions = names ? [names] : []
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: new Name(name),
    keys,
    signingAlgorithm: algorithm,
    extensions,
  })
  return made.toString('pem')
}
const everyName = new SubjectAlternativeNameExtension([
  { type: 'url', value: 'spiffe://a/b' },
  { type: 'ip', value: '10.0.0.1' },
  { type: 'dns', value: 'a.example' },
  { type: 'email', value: 'a@b.c' },
])
const ca = await createCA('kubernetes')
const notBefore = new Date('2026-01-01T00:00:00Z')
const given = {
  notBefore,
  notAfter: new Date('2026-01-02T00:00:00Z'),
  keyUsages: ['digitalSignature', 'keyEncipherment'] as const,
  extendedKeyUsages: ['1.3.6.1.5.5.7.3.2'],
}

describe('readRequest', () => {
  it('says who is named, and how else', async () => {
    const read = readRequest(await request('CN=other, O=a, O=b, CN=jane, E=x@y.z', everyName))
    expect(read).toMatchObject({
      commonName: 'jane',
      organizations: ['a', 'b'],
      dnsNames: ['a.example'],
      emailAddresses: ['a@b.c'],
      ipAddresses: ['10.0.0.1'],
      uris: ['spiffe://a/b'],
    })
  })

  it('refuses what is no request', () => {
    expect(() => readRequest(ca.cert)).toThrow('PEM block type must be CERTIFICATE REQUEST')
    expect(() => readRequest('')).toThrow('PEM block type must be CERTIFICATE REQUEST')
    const empty = '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n'
    expect(() => readRequest(empty)).toThrow()
  })
})

describe('issueForRequest', () => {
  it('names what Go names, in its order, and nothing else of the request', async () => {
    const asked = readRequest(await request('E=x@y.z, CN=jane, O=bb, OU=u, O=a, C=DE', everyName))
    const issued = new X509Certificate(await issueForRequest(await readAuthority(ca.cert, ca.key), asked, given))
    expect(issued.subject).toBe('C=DE\nO=a + O=bb\nOU=u\nCN=jane')
    expect(issued.subjectAltName).toBe('DNS:a.example, email:a@b.c, IP Address:10.0.0.1, URI:spiffe://a/b')
    expect(issued.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(issued.ca).toBe(false)
    expect([issued.validFromDate, issued.validToDate]).toEqual([given.notBefore, given.notAfter])
    expect(issued.checkIssued(new X509Certificate(ca.cert))).toBe(true)
    expect(issued.publicKey.equals(KeyObject.from(keys.publicKey as never))).toBe(true)
  })

  it.each([
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'secp384r1' })],
    ['Ed25519', generateKeyPairSync('ed25519')],
  ])('signs with a key of type %s', async (_, { publicKey, privateKey }) => {
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const issued = await issueForRequest(await readAuthority(ca.cert, key), readRequest(await request('CN=a')), given)
    expect(new X509Certificate(issued).verify(publicKey)).toBe(true)
  })

  it('signs with no other', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    await expect(readAuthority(ca.cert, key)).rejects.toThrow('must be RSA, ECDSA')
  })
})

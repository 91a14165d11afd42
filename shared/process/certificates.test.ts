import { createPublicKey, createSign, createVerify, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { createCA, generateServiceAccountKeys, issueCertificate } from './certificates.ts'

describe('certificates', () => {
  it('issues what a TLS handshake with client certificates accepts', async () => {
    const ca = await createCA('kubets-ca')
    const server = await issueCertificate(ca, {
      commonName: 'kube-apiserver',
      dnsNames: ['localhost', 'kubernetes.default.svc'],
      ipAddresses: ['127.0.0.1', '10.96.0.1'],
      usages: ['server'],
      days: 365,
    })
    const client = await issueCertificate(ca, {
      commonName: 'system:node:n1',
      organizations: ['system:nodes'],
      usages: ['client'],
      days: 365,
    })
    const listener = createServer({ ...server, ca: ca.cert, requestCert: true, rejectUnauthorized: true })
    const names = new Promise<unknown>((resolve) => {
      listener.on('secureConnection', (socket: TLSSocket) => {
        resolve(socket.getPeerCertificate().subject)
        socket.end()
      })
    })
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as AddressInfo
    const socket = connect({ port, host: '127.0.0.1', ca: ca.cert, ...client })
    await once(socket, 'secureConnect')
    expect(socket.authorized).toBe(true)
    expect({ ...((await names) as object) }).toEqual({ O: 'system:nodes', CN: 'system:node:n1' })
    socket.destroy()
    listener.close()
  })

  it('marks authorities, purposes and names', async () => {
    const ca = await createCA('kubets-ca')
    const leaf = await issueCertificate(ca, {
      commonName: 'x',
      dnsNames: ['a.example'],
      ipAddresses: ['::1'],
      usages: ['client', 'server'],
      days: 1,
    })
    const authority = new X509Certificate(ca.cert)
    const cert = new X509Certificate(leaf.cert)
    expect(authority.ca).toBe(true)
    expect(authority.verify(authority.publicKey)).toBe(true)
    expect(cert.ca).toBe(false)
    expect(cert.checkIssued(authority)).toBe(true)
    expect(cert.verify(authority.publicKey)).toBe(true)
    expect(cert.subjectAltName).toBe('DNS:a.example, IP Address:0:0:0:0:0:0:0:1')
    expect(cert.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'])
    expect(createPublicKey(leaf.key).asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
  })

  it('makes a key pair that signs tokens', async () => {
    const { publicKey, privateKey } = await generateServiceAccountKeys()
    const signature = createSign('RSA-SHA256').update('token').sign(privateKey)
    expect(createVerify('RSA-SHA256').update('token').verify(publicKey, signature)).toBe(true)
  })
})

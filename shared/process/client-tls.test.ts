import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { pods } from '../api/resources.gen.ts'
import { createCA, issueCertificate } from './certificates.ts'
import { realClock } from './clock.ts'
import { Client } from '../client/client.ts'

describe('a client over TLS', () => {
  it('shows its certificate, checks the server, and keeps its connection', async () => {
    const ca = await createCA('ca')
    const other = await createCA('other')
    const serving = await issueCertificate(ca, {
      commonName: 's',
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
      days: 1,
    })
    const mine = await issueCertificate(ca, { commonName: 'system:kube-scheduler', usages: ['client'], days: 1 })
    const ports = new Set<number | undefined>()
    const server = createServer({ ...serving, ca: ca.cert, requestCert: true }, (req, res) => {
      ports.add(req.socket.remotePort)
      res.end(JSON.stringify({ metadata: { name: (req.socket as TLSSocket).getPeerCertificate().subject.CN } }))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const base = { server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, userAgent: 'test', ...mine }
    const client = new Client({ ...base, ca: ca.cert }, { clock: realClock })
    const fooled = new Client({ ...base, ca: other.cert }, { clock: realClock })
    try {
      for (let i = 0; i < 9; i++) expect((await client.get(pods, 'x')).metadata.name).toBe('system:kube-scheduler')
      expect(ports.size).toBeLessThanOrEqual(2)
      await expect(fooled.get(pods, 'x')).rejects.toThrow(/unable to verify|certificate/)
    } finally {
      await Promise.all([client.close(), fooled.close()])
      server.closeAllConnections()
      server.close()
    }
  })
})

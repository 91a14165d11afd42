import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { createCA, issueCertificate } from '@kubets/shared/process/certificates.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { probeComponent } from './component-probe.ts'

const { signal } = new AbortController()
const servers: (http.Server | https.Server)[] = []
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))))

async function listening(server: http.Server | https.Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const answering =
  (code: number, body: string): http.RequestListener =>
  (request, response) =>
    response.writeHead(request.url === '/healthz' ? code : 404).end(body)

describe('a component', () => {
  it('is asked over TLS, whoever signed its certificate', async () => {
    const { cert, key } = await issueCertificate(await createCA('somebody'), {
      commonName: 'kube-scheduler',
      days: 1,
      usages: ['server'],
    })
    const port = await listening(https.createServer({ cert, key }, answering(200, 'ok')))
    expect(await probeComponent(port, signal)).toEqual({ status: 'True', message: 'ok' })
  })

  it('is asked without, where it speaks none', async () => {
    const well = await listening(http.createServer(answering(200, 'ok')))
    const ill = await listening(http.createServer(answering(500, 'no')))
    expect(await probeComponent(well, signal)).toEqual({ status: 'True', message: 'ok' })
    expect(await probeComponent(ill, signal)).toEqual({
      status: 'False',
      message: 'HTTP probe failed with statuscode: 500',
    })
  })

  it('that is not there is ill, and says why', async () => {
    const port = await listening(http.createServer())
    const [server] = servers.splice(0)
    await new Promise((resolve) => server?.close(resolve))
    expect(await probeComponent(port, signal)).toEqual({
      status: 'False',
      message: `Get "https://127.0.0.1:${port}/healthz": dial tcp 127.0.0.1:${port}: connect: connection refused`,
    })
  })

  it('is asked for as long as somebody waits', async () => {
    const gone = new AbortController()
    const port = await listening(http.createServer(() => gone.abort(new Error('gone'))))
    await expect(probeComponent(port, gone.signal)).rejects.toThrow('gone')
  })
})

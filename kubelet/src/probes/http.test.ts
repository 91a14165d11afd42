import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { container } from '../pods/fixtures.ts'
import type { RuntimeService } from '../runtime/types.ts'
import { runProbe } from './run.ts'

const { signal } = new AbortController()
/** Where the server leads from a path. */
const leads: Readonly<Record<string, string>> = {
  '/near': '/well',
  '/steps': 'near',
  '/ill-near': '/ill',
  '/far': 'http://example.invalid/well',
  '/round': '/round',
  '/odd': 'http://[',
}

describe('an HTTP probe', () => {
  let port = 0
  const server = http.createServer(({ url = '' }, response) => {
    const location = leads[url]
    if (location !== undefined) response.writeHead(302, { location }).end('elsewhere')
    else if (url === '/not-modified') response.writeHead(304).end()
    else response.writeHead(url === '/ill' ? 500 : 200).end('said')
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => void server.close())

  const ask = async (path: string) => {
    const target = { container: container('a'), containerId: 'a', podIP: '127.0.0.1' }
    const limit = { timeoutMs: 10_000, timeout: AbortSignal.timeout(10_000) }
    const outcome = await runProbe({} as RuntimeService, { httpGet: { path, port } }, target, limit, signal)
    return { ...outcome, output: outcome.output.replaceAll(String(port), 'PORT') }
  }

  it.each([
    ['/well', 'Success', 'said'],
    ['/ill', 'Failure', 'HTTP probe failed with statuscode: 500'],
    ['/near', 'Success', 'said'],
    ['/steps', 'Success', 'said'],
    ['/ill-near', 'Failure', 'HTTP probe failed with statuscode: 500'],
    ['/round', 'Failure', 'Get "http://127.0.0.1:PORT/round": stopped after 10 redirects'],
    ['/odd', 'Failure', 'Get "http://127.0.0.1:PORT/odd": failed to parse Location header "http://["'],
  ])('of %s: %s', async (path, result, output) => {
    expect(await ask(path)).toEqual({ result, output })
  })

  it('that is led to another host, or nowhere, is well with a warning', async () => {
    const warned = (body: string) => ({
      result: 'Success',
      output: `Probe terminated redirects, Response body: ${body}`,
      warning: true,
    })
    expect(await ask('/far')).toEqual(warned('elsewhere'))
    expect(await ask('/not-modified')).toEqual(warned(''))
  })
})

import { afterEach, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { startScriptedServer } from '@kubets/shared/testing/scripted-server.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { UrlSource } from './url-source.ts'

const pod = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'main', image: 'a' }] },
})
const list = (...items: object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items })
let end = (): Promise<unknown> => Promise.resolve()
afterEach(() => end())

it('a URL is asked again and again; only another good answer is news', async () => {
  const answers: [status: number, text: string][] = [
    [500, 'no'],
    [200, JSON.stringify(pod('one'))],
    [200, JSON.stringify(pod('one'))],
    [200, 'kind: ['],
    [404, ''],
    [200, list(pod('one'), pod('two'))],
    [200, list(pod('one'), { metadata: { name: 'bad' }, spec: { containers: [] } })],
    [200, ''],
  ]
  const server = await startScriptedServer((_, res) => {
    const [status, text] = answers[server.requests.length - 1] ?? [200, '']
    res.writeHead(status).end(text)
  })
  const stop = new AbortController()
  const clock = new FakeClock()
  const news: string[][] = []
  const found = (pods: readonly Pod[]): void => void news.push(pods.map(({ metadata }) => metadata.name ?? ''))
  const headers = new Map([['x-token', ['a', 'b']]])
  const source = new UrlSource(`${server.url}/pods`, headers, { nodeName: 'n', periodMs: 20_000, clock, log, found })
  const running = source.run(stop.signal)
  end = async () => {
    stop.abort()
    await running
    await server.stop()
  }
  for (let asked = 1; asked <= answers.length; asked++) {
    await waitFor(() => (server.requests.length === asked && clock.pending > 0) || undefined)
    await clock.advance(19_999)
    expect(server.requests).toHaveLength(asked)
    if (asked < answers.length) await clock.advance(1)
  }
  expect(server.requests[0]).toMatchObject({ path: '/pods', headers: { 'x-token': 'a, b' } })
  expect(news).toEqual([['one-n'], ['one-n', 'two-n'], []])
})

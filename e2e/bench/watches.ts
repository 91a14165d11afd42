import { request, type RequestOptions } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@kubets/shared/client/client.ts'
import type { ClientConfig } from '@kubets/shared/client/config.ts'
import { configMap, empty, pathOf, send } from './objects.ts'
import { rate, summarize } from './stats.ts'
import type { Row } from './table.ts'

const watchers = 1000
/** So many of them look at what comes; the others only take it. */
const looking = 50
const writesPerSecond = 100
const writeMilliseconds = 5000
const idleWatches = 500

/** How late events are with 1,000 watchers, and requests/s beside 500. */
export async function watchRows(config: ClientConfig, client: Client, namespace: string): Promise<Row[]> {
  const path = pathOf(namespace, 'configmaps')
  const sent = new Map<string, number>()
  const delays: number[] = []
  const arrived = (text: string): void => {
    const now = performance.now()
    for (const [, mark = ''] of text.matchAll(/"mark":"(\d+)"/g)) delays.push(now - (sent.get(mark) ?? NaN))
  }
  await send(client, 'POST', path, configMap('watched'))
  const open: Watching[] = []
  try {
    while (open.length < watchers) {
      const look = (index: number): ((text: string) => void) | undefined => (index < looking ? arrived : undefined)
      const batch = Array.from({ length: 50 }, (_, index) =>
        watch(config, `${path}?watch=1`, look(open.length + index)),
      )
      open.push(...(await Promise.all(batch)))
    }
    const late = await writeInTime(client, path, sent)
    const { median, p99 } = summarize(delays)
    for (const one of open.splice(idleWatches)) one.close()
    const gets = await rate({ milliseconds: 3000, concurrency: 32 }, () => send(client, 'GET', `${path}/watched`))
    return [
      {
        name: `event to ${String(watchers)} watchers, ${String(writesPerSecond)} writes/s (ms after the request, median / p99)`,
        value: `${median.toFixed(1)} / ${p99.toFixed(1)}${late ? ' (fewer writes)' : ''}`,
      },
      { name: `gets/s beside ${String(idleWatches)} watches (32 at a time)`, value: gets.toFixed(0) },
    ]
  } finally {
    for (const one of open) one.close()
    await empty(client, path)
  }
}

/** Writes at its times, however long the answers take; true when the server could not keep up. */
async function writeInTime(client: Client, path: string, sent: Map<string, number>): Promise<boolean> {
  const began = performance.now()
  const count = (writesPerSecond * writeMilliseconds) / 1000
  const under: Promise<unknown>[] = []
  for (let index = 0; index < count; index++) {
    const due = began + (index * 1000) / writesPerSecond
    if (due > performance.now()) await sleep(due - performance.now())
    if (performance.now() > began + 4 * writeMilliseconds) return true
    if (index % 50 === 0) await Promise.all(under.splice(0))
    sent.set(String(index), performance.now())
    under.push(send(client, 'PUT', `${path}/watched`, configMap('watched', String(index))))
  }
  await Promise.all(under)
  await sleep(1000) // the last events are on their way
  return performance.now() > began + 1.5 * writeMilliseconds + 1000
}

interface Watching {
  close(): void
}

/** A watch on a connection of its own; resolves once it has begun. */
function watch(config: ClientConfig, path: string, look: ((text: string) => void) | undefined): Promise<Watching> {
  const { ca, cert, key, token, tlsServerName, insecureSkipTLSVerify = false } = config
  const bearer = typeof token === 'function' ? token() : token
  const options: RequestOptions = {
    agent: false,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
    rejectUnauthorized: !insecureSkipTLSVerify,
    headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
  }
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, config.server), options, (response) => {
      if (response.statusCode !== 200) reject(new Error(`watch: ${String(response.statusCode)}`))
      if (look === undefined) response.resume()
      else response.setEncoding('utf8').on('data', look)
      response.on('error', () => undefined)
      resolve({ close: () => asked.destroy() })
    })
    asked.on('error', reject)
    asked.end()
  })
}

import type { Client } from '@kubets/shared/client/client.ts'
import { throughput } from './stats.ts'

const payload = 'x'.repeat(1024)

export const pathOf = (namespace: string, resource: string, name = ''): string =>
  `/api/v1/namespaces/${namespace}/${resource}${name === '' ? '' : `/${name}`}`

/** A ConfigMap of 1 KiB as JSON; `mark` makes one differ from the next. */
export const configMap = (name: string, mark = ''): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { payload, mark } })

/** A request whose answer is read to its end but not parsed: what is measured is the server. Throws unless it is 2xx. */
export async function send(client: Client, method: string, path: string, body?: string): Promise<Buffer> {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const answer = await client.raw(method, path, { headers, ...(body === undefined ? {} : { body }) })
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${String(answer.status)} ${answer.body.toString()}`)
  return answer.body
}

/** Creates objects with these numbers, for at most so long; answers how many there are then. */
export async function fill(
  client: Client,
  path: string,
  object: (index: number) => string,
  range: { from: number; to: number; milliseconds: number },
): Promise<number> {
  const end = performance.now() + range.milliseconds
  let made = range.from
  await throughput(range.to - range.from, 32, async (index) => {
    if (performance.now() > end) return
    await send(client, 'POST', path, object(range.from + index))
    made++
  })
  return made
}

/** Deletes all objects of a path, a thousand at a time. */
export async function empty(client: Client, path: string): Promise<void> {
  for (let left = true; left;) {
    await send(client, 'DELETE', `${path}?limit=1000&gracePeriodSeconds=0`)
    const list = JSON.parse((await send(client, 'GET', `${path}?limit=1`)).toString()) as { items: unknown[] }
    left = list.items.length > 0
  }
}

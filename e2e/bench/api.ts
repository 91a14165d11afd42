import type { Client } from '@kubets/shared/client/client.ts'
import { configMaps, namespaces } from '@kubets/shared/api/resources.gen.ts'
import type { ConfigMap } from '@kubets/shared/api/types/core-v1.ts'
import type { Row } from './table.ts'
import { summarize, throughput, timed } from './stats.ts'

const payload = 'x'.repeat(1024)
const concurrency = 32
const requests = 2000

const configMap = (namespace: string, index: number): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `bench-${String(index)}`, namespace },
  data: { payload },
})

/** creates/s and gets/s at concurrency 32, and lists of 1,000 and 5,000 ConfigMaps of 1 KiB. */
export async function apiRows(client: Client, namespace: string): Promise<Row[]> {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} }, {})
  const create = (index: number): Promise<ConfigMap> =>
    client.create(configMaps, configMap(namespace, index), { namespace })
  await throughput(200, concurrency, (index) => create(1_000_000 + index)) // warm-up, so that no row pays for compiling
  await client.deleteCollection(configMaps, { namespace })
  const creates = await throughput(1000, concurrency, create)
  const gets = await throughput(requests, concurrency, (index) =>
    client.get(configMaps, `bench-${String(index % 1000)}`, { namespace }),
  )
  const list1000 = await listTimes(client, namespace)
  await throughput(4000, concurrency, (index) => create(1000 + index))
  const list5000 = await listTimes(client, namespace)
  return [
    { name: 'creates/s (ConfigMap of 1 KiB, 32 at a time)', value: creates.toFixed(0) },
    { name: 'gets/s (32 at a time)', value: gets.toFixed(0) },
    { name: 'list of 1,000 (ms, median / p99 of 20)', value: list1000 },
    { name: 'list of 5,000 (ms, median / p99 of 20)', value: list5000 },
  ]
}

/** The bytes are read to their end but not parsed: what is measured is the server. */
async function listTimes(client: Client, namespace: string): Promise<string> {
  const samples: number[] = []
  for (let i = 0; i < 20; i++) {
    samples.push((await timed(() => client.raw('GET', `/api/v1/namespaces/${namespace}/configmaps`, {}))).ms)
  }
  const { median, p99 } = summarize(samples)
  return `${median.toFixed(1)} / ${p99.toFixed(1)}`
}

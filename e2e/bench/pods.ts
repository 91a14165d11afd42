import type { Client } from '@kubets/shared/client/client.ts'
import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { summarize } from './stats.ts'
import type { Row } from './table.ts'

const image = 'kubets/busybox:1'

/** Pod created → Running as a watcher sees it, one Pod after another, image present. */
export async function podRows(client: Client, namespace: string): Promise<Row[]> {
  const samples: number[] = []
  for (let i = 0; i < 20; i++) samples.push(await createdToRunning(client, namespace, `bench-${String(i)}`))
  const { median, p99 } = summarize(samples)
  return [{ name: 'Pod created → Running (ms, median / p99 of 20)', value: `${median.toFixed(0)} / ${p99.toFixed(0)}` }]
}

/** Milliseconds from the create request to the watch event that says Running (at most a minute). */
export async function createdToRunning(client: Client, namespace: string, name: string): Promise<number> {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image, command: ['sleep', '1000'] }] },
  }
  const began = performance.now()
  const created = await client.create(pods, pod, { namespace })
  const events = client.watch(pods, {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: created.metadata.resourceVersion ?? '',
    signal: AbortSignal.timeout(60_000),
  })
  for await (const event of events) {
    if (event.type === 'MODIFIED' && event.object.status?.phase === 'Running') break
  }
  const took = performance.now() - began
  await client.delete(pods, name, { namespace, gracePeriodSeconds: 0 })
  return took
}

import type { Client } from '@kubets/shared/client/client.ts'
import { empty, fill, pathOf, send } from './objects.ts'
import type { Row } from './table.ts'

const wanted = 10_000
const fillMilliseconds = 60_000

/** A Pod as Deployments make them; a gate keeps it from every node. */
const pod = (index: number): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `memory-${String(index)}`, labels: { app: 'bench', 'pod-template-hash': '5d78c9869d' } },
    spec: {
      schedulingGates: [{ name: 'bench.kubets/never' }],
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'main',
          image: 'kubets/busybox:1',
          env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
          resources: { requests: { cpu: '10m', memory: '16Mi' } },
          readinessProbe: { httpGet: { path: '/', port: 8080 } },
        },
      ],
    },
  })

/** What the API server says of its own memory with 10,000 Pods, and what it was before. */
export async function memoryRows(client: Client, namespace: string): Promise<Row[]> {
  const path = pathOf(namespace, 'pods')
  const before = await resident(client)
  const made = await fill(client, path, pod, { from: 0, to: wanted, milliseconds: fillMilliseconds })
  const after = await resident(client)
  await empty(client, path)
  const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0)
  return [
    { name: `apiserver with ${String(made)} Pods, and before (resident MiB)`, value: `${mib(after)}, ${mib(before)}` },
  ]
}

async function resident(client: Client): Promise<number> {
  const page = (await send(client, 'GET', '/metrics')).toString()
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(page)?.[1] ?? NaN)
}

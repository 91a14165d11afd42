import { endpointSlices, events, nodes, pods, services } from '@kubets/shared/api/resources.gen.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestManager, type TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'zones'
beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const status = { type: 'merge', subresource: 'status' } as const

const makeNode = async (zone: string): Promise<void> => {
  const metadata = { name: `in-${zone}`, labels: { 'topology.kubernetes.io/zone': zone } }
  await manager.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata, spec: {} })
  const conditions = [{ type: 'Ready', status: 'True' }]
  await manager.client.patch(nodes, metadata.name, { status: { allocatable: { cpu: '2' }, conditions } }, status)
}
const makePod = async (name: string, zone: string, podIP: string): Promise<void> => {
  const spec = { nodeName: `in-${zone}`, containers: [{ name: 'c', image: 'i' }] }
  const metadata = { name, namespace, labels: { app: 'web' } }
  await manager.client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec })
  const running = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions: [{ type: 'Ready', status: 'True' }] }
  await manager.client.patch(pods, name, { status: running }, { ...status, namespace })
}
/** The zone that each Pod's endpoint is for. */
const hints = async (): Promise<string> => {
  const { items } = await manager.client.list(endpointSlices, { namespace })
  const all = items.flatMap(({ endpoints }) => endpoints ?? [])
  return all
    .map(({ targetRef, hints: of }) => `${targetRef?.name ?? ''}:${of?.forZones?.[0]?.name ?? ''}`)
    .toSorted()
    .join()
}

it('zones share out the endpoints of a Service that asks for it, as long as there are two', async () => {
  await makeNode('a')
  await makeNode('b')
  for (const [i, zone] of ['a', 'a', 'b', 'b'].entries())
    await makePod(`p${String(i)}`, zone, `10.9.0.${String(i + 1)}`)
  const annotations = { 'service.kubernetes.io/topology-mode': 'Auto' }
  await manager.client.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace, annotations },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  })
  await waitFor(async () => (await hints()) === 'p0:a,p1:a,p2:b,p3:b')
  const fieldSelector = 'involvedObject.name=web,reason=TopologyAwareHintsEnabled'
  const [told] = await waitFor(async () => {
    const { items } = await manager.client.list(events, { namespace, fieldSelector })
    return items.length > 0 ? items : undefined
  })
  expect(told?.message).toBe('Topology Aware Hints has been enabled, addressType: IPv4')

  const lost = { metadata: { labels: { 'topology.kubernetes.io/zone': null } } }
  await manager.client.patch(nodes, 'in-b', lost, { type: 'merge' })
  await waitFor(async () => (await hints()) === 'p0:,p1:,p2:,p3:')
})

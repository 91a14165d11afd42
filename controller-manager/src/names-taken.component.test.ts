import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  controllerRevisions,
  daemonSets,
  deployments,
  replicaSets,
  statefulSets,
} from '@kubets/shared/api/resources.gen.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager } from './manager.testing.ts'
import type { TestManager } from './manager.testing.ts'

let manager: TestManager
beforeAll(async () => {
  manager = await startTestManager()
  for (const namespace of ['free', 'taken']) await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const labels = { app: 'web' }
const spec = {
  selector: { matchLabels: labels },
  template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
}
const stranger = { app: 'stranger' }

/** Whose names end in a hash of their template, what they are made for, and a stranger of such a name. */
const kinds: [string, ResourceRef, ResourceRef, object, object][] = [
  [
    'Deployment',
    deployments,
    replicaSets,
    { ...spec, replicas: 0 },
    {
      apiVersion: 'apps/v1',
      spec: {
        replicas: 0,
        selector: { matchLabels: stranger },
        template: { ...spec.template, metadata: { labels: stranger } },
      },
    },
  ],
  [
    'StatefulSet',
    statefulSets,
    controllerRevisions,
    { ...spec, replicas: 0, serviceName: 'web' },
    { revision: 1, data: { of: 'a stranger' } },
  ],
  ['DaemonSet', daemonSets, controllerRevisions, spec, { revision: 1, data: { of: 'a stranger' } }],
]

/** The names of what was made for the owner there. */
const madeFor = async (owner: KubeObject, ref: ResourceRef): Promise<string[]> => {
  const { namespace, uid } = owner.metadata
  const { items } = await manager.client.list(ref, { namespace })
  const isOwn = ({ metadata }: KubeObject): boolean => metadata.ownerReferences?.[0]?.uid === uid
  return items.filter(isOwn).map(({ metadata }) => metadata.name ?? '')
}

describe('a name that another object has already', () => {
  it.each(kinds)('is left to that, and a %s takes another', async (kind, ref, made, of, other) => {
    const name = `web-${kind.toLowerCase()}`
    const declare = (namespace: string): Promise<KubeObject> =>
      manager.client.create(ref, { apiVersion: 'apps/v1', kind, metadata: { name }, spec: of } as KubeObject, {
        namespace,
      })
    const first = await declare('free')
    const [free] = await waitFor(async () => {
      const names = await madeFor(first, made)
      return names.length === 1 ? names : undefined
    })
    const taken = { apiVersion: 'apps/v1', kind: made.kind, metadata: { name: free, labels: stranger }, ...other }
    const before = await manager.client.create(made, taken as KubeObject, { namespace: 'taken' })

    const second = await declare('taken')
    const [own] = await waitFor(async () => {
      const names = await madeFor(second, made)
      return names.length === 1 ? names : undefined
    })
    expect(own).not.toBe(free)
    const collisions = (): Promise<number | undefined> =>
      manager.client
        .get(ref, name, { namespace: 'taken' })
        .then((now) => (now as { status?: { collisionCount?: number } }).status?.collisionCount)
    await waitFor(async () => (await collisions()) === 1)
    const after = await manager.client.get(made, free ?? '', { namespace: 'taken' })
    expect([after.metadata.uid, after.metadata.ownerReferences]).toEqual([before.metadata.uid, undefined])
  })
})

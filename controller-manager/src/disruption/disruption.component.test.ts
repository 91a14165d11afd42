import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deployments, podDisruptionBudgets, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '@kubets/shared/api/types/policy-v1.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager } from '../manager.testing.ts'
import type { TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'budgets'
beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const spec = { containers: [{ name: 'c', image: 'i' }] }

const create = (name: string, rest: PodDisruptionBudgetSpec): Promise<PodDisruptionBudget> =>
  manager.client.create(
    podDisruptionBudgets,
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name },
      spec: { selector: { matchLabels: { app: name } }, ...rest },
    },
    { namespace },
  )
const awaitBudget = (name: string, test: (budget: PodDisruptionBudget) => boolean): Promise<PodDisruptionBudget> =>
  waitFor(async () => {
    const budget = await manager.client.get(podDisruptionBudgets, name, { namespace })
    return test(budget) ? budget : undefined
  })

const podsOf = async (name: string): Promise<Pod[]> =>
  (await manager.client.list(pods, { namespace, labelSelector: `app=${name}` })).items

const run = async ({ metadata }: Pod): Promise<void> => {
  const status = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  }
  const options = { type: 'strategic', namespace, subresource: 'status' } as const
  await manager.client.patch(pods, metadata.name ?? '', { status }, options)
}

const evict = (name: string): Promise<object> =>
  manager.client.create(
    pods,
    { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } },
    { namespace, name, subresource: 'eviction' },
  )

describe('the disruption controller', () => {
  it('lets evictions through while enough Pods are left, and no further', async () => {
    await manager.client.create(
      deployments,
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: {
          replicas: 3,
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec },
        },
      },
      { namespace },
    )
    await create('web', { maxUnavailable: 1 })
    const made = await waitFor(async () => {
      const found = await podsOf('web')
      return found.length === 3 ? found : undefined
    })
    await awaitBudget('web', ({ status }) => status?.expectedPods === 3 && status.disruptionsAllowed === 0)
    for (const pod of made) await run(pod)
    const { status } = await awaitBudget('web', (budget) => budget.status?.disruptionsAllowed === 1)
    expect(status).toMatchObject({ currentHealthy: 3, desiredHealthy: 2, expectedPods: 3, observedGeneration: 1 })
    await evict(made[0]?.metadata.name ?? '')
    await expect(evict(made[1]?.metadata.name ?? '')).rejects.toMatchObject({
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
    })
    await manager.client
      .delete(pods, made[0]?.metadata.name ?? '', { namespace, gracePeriodSeconds: 0 })
      .catch(() => {})
    const [fresh] = await waitFor(async () => {
      const found = (await podsOf('web')).filter((pod) => pod.status?.phase !== 'Running')
      return found.length === 1 ? found : undefined
    })
    if (fresh) await run(fresh)
    await awaitBudget('web', (budget) => budget.status?.disruptionsAllowed === 1)
  })

  it('says when it cannot know how many Pods there should be', async () => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: 'nobody', controller: true }
    await manager.client.create(
      pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'odd', labels: { app: 'odd' }, ownerReferences: [owner] },
        spec,
      },
      { namespace },
    )
    await create('odd', { minAvailable: '50%' })
    const { status } = await awaitBudget('odd', (budget) => budget.status?.conditions?.[0]?.reason === 'SyncFailed')
    expect(status?.conditions?.[0]?.message).toBe('configmaps does not implement the scale subresource')
  })
})

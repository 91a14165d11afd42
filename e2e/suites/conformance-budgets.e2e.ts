import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiObject } from '../harness/api.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { isReady, podUntil, shell, startPod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

interface Budget extends ApiObject {
  readonly spec: { readonly minAvailable?: number | string; readonly maxUnavailable?: number | string }
  readonly status: {
    readonly disruptionsAllowed: number
    readonly currentHealthy: number
    readonly disruptedPods?: Record<string, string>
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
}

describe.concurrent('a PodDisruptionBudget', () => {
  let ns: Namespace
  let api: Api
  let count = 0
  const next = (): string => `pdb${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('budgets')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  const root = (): string => `/apis/policy/v1/namespaces/${ns.name}/poddisruptionbudgets`
  const make = (name: string, spec: object): Promise<Budget> =>
    api.call('POST', root(), {
      metadata: { name, labels: { budget: name } },
      spec: { selector: { matchLabels: { app: name } }, ...spec },
    })
  const get = (name: string): Promise<Budget> => api.call('GET', `${root()}/${name}`)
  const budgetUntil = (name: string, what: string, test: (budget: Budget) => boolean): Promise<Budget> =>
    until(`PodDisruptionBudget ${name} ${what}`, async () => {
      const budget = await get(name)
      return test(budget) ? budget : undefined
    })
  const run = async (name: string, replicas: number): Promise<string[]> => {
    const names = Array.from({ length: replicas }, (_, index) => `${name}-${String(index)}`)
    const labels = { app: name }
    for (const pod of names)
      await startPod(ns, pod, { containers: [{ name: 'main', ...shell('sleep 1000') }] }, { labels })
    for (const pod of names) await podUntil(ns, pod, 'to be ready', isReady)
    return names
  }
  const evict = (pod: string) =>
    api.send('POST', `/api/v1/namespaces/${ns.name}/pods/${pod}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: pod, namespace: ns.name },
    })

  it(`tells how many of its Pods may go${covers('PodDisruptionBudget: Status updates')}`, async () => {
    const name = next()
    await make(name, { minAvailable: 1 })
    await budgetUntil(name, 'to have a status', ({ status }) => (status.conditions ?? []).length > 0)
    await run(name, 2)
    await budgetUntil(name, 'to allow one to go', ({ status }) => status.disruptionsAllowed === 1)
  })

  it(`has a status that can be updated and patched${covers('PodDisruptionBudget: update and patch status')}`, async () => {
    const name = next()
    await make(name, { minAvailable: 1 })
    const [pod = ''] = await run(name, 1)
    await budgetUntil(name, 'to know its Pod', ({ status }) => status.currentHealthy === 1)
    const path = `${root()}/${name}/status`
    const { creationTimestamp } = (await ns.get<{ metadata: { creationTimestamp: string } }>('pods', pod)).metadata
    await until('the update of the status', async () => {
      const budget = await get(name)
      const status = { ...budget.status, disruptedPods: { [pod]: creationTimestamp } }
      const { code, body } = await api.send<Budget>('PUT', path, { ...budget, status })
      if (code !== 200) return undefined
      expect(body.status.disruptedPods).toEqual({ [pod]: creationTimestamp })
      return true
    })
    const patched = await api.call<Budget>('PATCH', path, { status: { disruptedPods: { [pod]: null } } })
    expect(patched.status.disruptedPods ?? {}).toEqual({})
  })

  it(`keeps a Pod from being evicted until it says otherwise${covers('PodDisruptionBudget: block an eviction until the PDB is updated to allow it')}`, async () => {
    const name = next()
    await make(name, { minAvailable: 3 })
    const [first = '', second = '', third = ''] = await run(name, 3)
    await budgetUntil(name, 'to know its Pods', ({ status }) => status.currentHealthy === 3)
    expect((await evict(first)).code).toBe(429)
    await api.call('PATCH', `${root()}/${name}`, { spec: { minAvailable: 2 } })
    await budgetUntil(name, 'to allow one', ({ status }) => status.disruptionsAllowed === 1)
    expect((await evict(first)).code).toBe(201)
    await until('the Pod to go', async () =>
      (await ns.list<{ metadata: { name: string } }>('pods', `app=${name}`)).some(
        ({ metadata }) => metadata.name === first,
      )
        ? undefined
        : true,
    )
    expect((await evict(second)).code).toBe(429)
    // another may go when it says nothing any more
    await api.call('DELETE', `${root()}/${name}`)
    await until('the other to be evicted', async () => ((await evict(third)).code === 201 ? true : undefined))
  })
})

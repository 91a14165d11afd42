import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiList, type ApiObject } from '../harness/api.ts'
import { hollowTaint, startHollowNode, type HollowNode } from '../harness/hollow-node.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { podUntil, shell, startPod, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

const evict = { key: 'kubernetes.io/e2e-evict-taint-key', value: 'evictTaintVal', effect: 'NoExecute' }

/** What becomes of Pods whose node is tainted: hollow nodes, as it would drive away everybody else's Pods from a real one. */
describe.concurrent('Pods on a tainted node', () => {
  let ns: Namespace
  let api: Api
  const started: HollowNode[] = []
  beforeAll(async () => {
    ns = await makeNamespace('taints')
    api = await connect()
  })
  afterAll(async () => {
    for (const node of started) await node.stop()
    await removeNamespace(ns)
  })

  const hollowNode = async (suffix: string): Promise<HollowNode> => {
    const node = await startHollowNode(api, `${ns.name}-${suffix}`)
    started.push(node)
    return node
  }
  const run = async (name: string, node: HollowNode, tolerationSeconds?: number): Promise<void> => {
    const { key, value, effect } = evict
    const tolerated = tolerationSeconds === undefined ? [] : [{ key, value, effect, tolerationSeconds }]
    await startPod(ns, name, {
      containers: [{ name: 'main', ...shell('sleep 3600') }],
      nodeSelector: { 'kubernetes.io/hostname': node.name },
      tolerations: [{ ...hollowTaint, operator: 'Exists' }, ...tolerated],
    })
    const pod = await podUntil(ns, name, 'to run', ({ status }) => status.phase === 'Running')
    expect(pod.spec.nodeName).toBe(node.name)
  }
  const taint = async (node: HollowNode, taints: object[]): Promise<void> => {
    const body = { spec: { taints: [hollowTaint, ...taints] } }
    await api.call('PATCH', `/api/v1/nodes/${node.name}`, body)
  }
  const gone = (name: string): Promise<true> =>
    until(`Pod ${name} to be gone`, async () => {
      const { code } = await api.send('GET', `/api/v1/namespaces/${ns.name}/pods/${name}`)
      return code === 404 ? true : undefined
    })
  const isThere = async (name: string): Promise<boolean> => {
    const { items } = await api.call<ApiList>('GET', `/api/v1/namespaces/${ns.name}/pods`)
    return items.some(({ metadata }: ApiObject) => metadata.name === name && !metadata.deletionTimestamp)
  }

  it(`stay when the taint is gone before they must leave${covers('Taint, Pod Eviction on taint removal')}`, async () => {
    const [mended, lost] = [await hollowNode('mended'), await hollowNode('lost')]
    await run('staying', mended, 15)
    await run('leaving', lost, 15)
    await taint(mended, [evict])
    const { spec } = await api.call<ApiObject>('GET', `/api/v1/nodes/${mended.name}`)
    expect((spec as { taints: object[] }).taints).toContainEqual(expect.objectContaining(evict))
    expect(await isThere('staying')).toBe(true)
    await taint(mended, [])
    // whose taint came later and stayed shows when the other one would have had to go
    await taint(lost, [evict])
    await gone('leaving')
    expect(await isThere('staying')).toBe(true)
  })

  it(`leave each in its own time${covers('Pod Eviction, Toleration limits')}`, async () => {
    const node = await hollowNode('limits')
    await run('at-once', node)
    await run('soon', node, 5)
    await run('later', node, 20)
    const watch = api.watch(`/api/v1/namespaces/${ns.name}/pods?watch=true`)
    try {
      await taint(node, [evict])
      for (const name of ['at-once', 'soon', 'later']) await gone(name)
      const going = (name: string): number =>
        watch.events.findIndex(
          ({ type, object }) =>
            object.metadata.name === name && (type === 'DELETED' || object.metadata.deletionTimestamp !== undefined),
        )
      await until('the watch to tell', async () => (going('later') >= 0 ? true : undefined))
      const order = ['at-once', 'soon', 'later'].map(going)
      expect(order).toEqual(order.toSorted((a, b) => a - b))
      const reasons = watch.events
        .filter(({ object }) => object.metadata.name === 'soon')
        .flatMap(({ object }) => (object as unknown as Pod).status.conditions ?? [])
        .filter(({ type }) => type === 'DisruptionTarget')
        .map(({ reason }) => reason)
      expect(reasons).toContain('DeletionByTaintManager')
    } finally {
      watch.stop()
    }
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api } from '../harness/api.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { getPod, isReady, podUntil, shell, startPod, type ContainerStatus, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

type Amounts = Record<string, string>
interface Resources {
  readonly requests?: Amounts
  readonly limits?: Amounts
}
type Resized = ContainerStatus & { readonly resources?: Resources }

const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
const both = (cpu: string, memory: string): Resources => ({ requests: { cpu, memory }, limits: { cpu, memory } })

/** The changes of upstream's tests (test/e2e/common/node/pod_resize.go): of three containers by two of each amount. */
const cpu = (index: number, milli: number): string => `${String(milli + 2 * index)}m`
const memory = (index: number, mega: number): string => `${String(mega + 2 * index)}Mi`
const guaranteed = (...amounts: [number, number][]): Resources[] =>
  amounts.map(([milli, mega], index) => both(cpu(index, milli), memory(index, mega)))

/** What Pods may use, changed while they run. */
describe.concurrent('a Pod', () => {
  let ns: Namespace
  let api: Api
  let count = 0
  const next = (): string => `r${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('resize')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  const path = (pod: string): string => `/api/v1/namespaces/${ns.name}/pods/${pod}`
  const named = (all: readonly Resources[]): { name: string; resources: Resources }[] =>
    all.map((resources, index) => ({ name: `c${String(index + 1)}`, resources }))
  const start = async (name: string, all: readonly Resources[], more: object = {}): Promise<Pod> => {
    const containers = named(all).map((one) => ({ ...one, ...shell('exec sleep 86400'), ...more }))
    await startPod(ns, name, { restartPolicy: 'OnFailure', terminationGracePeriodSeconds: 0, containers })
    return podUntil(ns, name, 'to be ready', isReady)
  }
  const patch = async (name: string, all: readonly Resources[]): Promise<void> => {
    const body = { spec: { containers: named(all) } }
    expect(await api.send('PATCH', `${path(name)}/resize`, body, strategic)).toMatchObject({ code: 200 })
  }
  const conditionOf = ({ status }: Pod, type: string) => status.conditions.find((one) => one.type === type)
  const has = (pod: Pod): (Resources | undefined)[] =>
    (pod.status.containerStatuses ?? []).map((one) => (one as Resized).resources)
  const actuated = (name: string, all: readonly Resources[]): Promise<Pod> =>
    podUntil(ns, name, 'to be resized', (pod) => {
      const settled = !conditionOf(pod, 'PodResizePending') && !conditionOf(pod, 'PodResizeInProgress')
      return settled && isReady(pod) && JSON.stringify(has(pod).map(sorted)) === JSON.stringify(all.map(sorted))
    })
  /** Looks into the containers: their limits, and their weights by what they ask for. */
  const cgroups = async (name: string, all: readonly Resources[]): Promise<void> => {
    for (const [index, { requests, limits }] of all.entries()) {
      const files = ['cpu/cpu.shares', 'cpu/cpu.cfs_quota_us', 'memory/memory.limit_in_bytes', 'cpu.max', 'memory.max']
      const script = `cd /sys/fs/cgroup; for f in ${files.join(' ')}; do test -f $f && echo $f $(cat $f); done; true`
      const said = await ns.kubectl(['exec', name, '-c', `c${String(index + 1)}`, '--', 'sh', '-c', script])
      const seen = Object.fromEntries(said.split('\n').map((line) => line.split(/ (.*)/).slice(0, 2)))
      const milli = (text?: string): number | undefined => (text === undefined ? undefined : parseInt(text))
      const quota = milli(limits?.['cpu']) === undefined ? -1 : Math.max(1000, (milli(limits?.['cpu']) ?? 0) * 100)
      const bytes = limits?.['memory'] === undefined ? undefined : parseInt(limits['memory']) * 1024 * 1024
      if ('cpu.max' in seen) {
        expect(seen['cpu.max']).toBe(`${quota < 0 ? 'max' : String(quota)} 100000`)
        expect(seen['memory.max']).toBe(bytes === undefined ? 'max' : String(bytes))
      } else {
        const asked = milli(requests?.['cpu'] ?? limits?.['cpu']) ?? 0
        expect(seen['cpu/cpu.shares']).toBe(String(Math.max(2, Math.floor((asked * 1024) / 1000))))
        expect(seen['cpu/cpu.cfs_quota_us']).toBe(String(quota))
        if (bytes !== undefined) expect(seen['memory/memory.limit_in_bytes']).toBe(String(bytes))
      }
    }
  }
  const resize = async (name: string, after: readonly Resources[]): Promise<void> => {
    await patch(name, after)
    const pod = await actuated(name, after)
    await cgroups(name, after)
    expect(pod.status.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual(after.map(() => 0))
  }

  const original = guaranteed([20, 35], [20, 35], [20, 35])
  for (const [what, entry, after] of [
    [
      'guaranteed, to more in all',
      'In-place Pod Resize, guaranteed pods with multiple containers, net increase',
      guaranteed([25, 40], [25, 40], [15, 30]),
    ],
    [
      'guaranteed, to less in all',
      'In-place Pod Resize, guaranteed pods with multiple containers, net decrease',
      guaranteed([25, 40], [15, 30], [15, 30]),
    ],
    [
      'guaranteed, each in another way',
      'In-place Pod Resize, guaranteed pods with multiple containers, various operations',
      guaranteed([25, 35], [15, 40], [25, 40]),
    ],
  ] as const)
    it(`is resized ${what}, and back${covers(entry)}`, async () => {
      const name = next()
      await start(name, original)
      await cgroups(name, original)
      await resize(name, after)
      await resize(name, original)
    })

  it(`is resized with limits and requests it did not have${covers('In-place Pod Resize, burtable pod with multiple containers and various operations')}`, async () => {
    const name = next()
    await start(name, [
      { requests: { cpu: '20m' } },
      { requests: { memory: '35Mi' } },
      { requests: { cpu: '20m', memory: '35Mi' } },
      { requests: { cpu: '20m' } },
      { requests: { memory: '35Mi' } },
    ])
    await resize(name, [
      { requests: { cpu: '25m' }, limits: { cpu: '35m' } },
      { requests: { memory: '30Mi' }, limits: { memory: '50Mi' } },
      { requests: { cpu: '20m', memory: '30Mi' } },
      { requests: { cpu: '15m', memory: '35Mi' } },
      { requests: { cpu: '20m', memory: '40Mi' } },
    ])
  })

  it(`is resized where the kernel sees no difference${covers('In-place Pod Resize, burstable pod resized with equivalents')}`, async () => {
    const name = next()
    const before = [{ requests: { cpu: '2m' }, limits: { cpu: '10m' } }]
    await start(name, before)
    await resize(name, [{ requests: { cpu: '1m' }, limits: { cpu: '5m' } }])
    await resize(name, before)
  })

  it(`is resized by an update, and read as it is${covers('In-place Pod Resize, read and replace endpoints')}`, async () => {
    const name = next()
    const after = { requests: { cpu: '25m', memory: '40Mi' } }
    expect((await start(name, [{ requests: { cpu: '20m', memory: '35Mi' } }])).metadata.generation).toBe(1)
    await until('the update', async () => {
      const pod = await api.call<Pod & { spec: { containers: object[] } }>('GET', path(name))
      const containers = [{ ...pod.spec.containers[0], resources: after }]
      const body = { ...pod, spec: { ...pod.spec, containers } }
      return (await api.send('PUT', `${path(name)}/resize`, body)).code === 200 ? true : undefined
    })
    const updated = await getPod(ns, name)
    expect(updated.metadata.generation).toBe(2)
    expect(updated.spec.containers[0]).toMatchObject({ resources: after })
    await actuated(name, [after])
    await until('both to be the same', async () => {
      const pod = await api.call('GET', path(name))
      const same = JSON.stringify(await api.call('GET', `${path(name)}/resize`)) === JSON.stringify(pod)
      return same ? true : undefined
    })
  })

  it('waits with a resize that the node cannot grant, and says why', async () => {
    const name = next()
    const before = { requests: { cpu: '20m' } }
    await start(name, [before])
    await patch(name, [{ requests: { cpu: '5000' } }])
    const pod = await podUntil(ns, name, 'to wait', (one) => Boolean(conditionOf(one, 'PodResizePending')))
    const lacking = /^Node didn't have enough capacity: cpu, requested: 5000000, capacity: \d+$/
    expect(conditionOf(pod, 'PodResizePending')).toMatchObject({ status: 'True', reason: 'Infeasible' })
    expect(conditionOf(pod, 'PodResizePending')?.message).toMatch(lacking)
    expect(has(pod)).toEqual([before])
    await resize(name, [before])
  })

  it('starts a container again for what it wants to be started again', async () => {
    const name = next()
    const resizePolicy = [
      { resourceName: 'cpu', restartPolicy: 'NotRequired' },
      { resourceName: 'memory', restartPolicy: 'RestartContainer' },
    ]
    await start(name, [both('20m', '35Mi')], { resizePolicy })
    await resize(name, [both('25m', '35Mi')])
    await patch(name, [both('25m', '40Mi')])
    await podUntil(ns, name, 'to start again', ({ status }) => status.containerStatuses?.[0]?.restartCount === 1)
    await actuated(name, [both('25m', '40Mi')])
    await cgroups(name, [both('25m', '40Mi')])
  })

  // test/e2e/common/node/pod_level_resources_resize.go
  it('is resized as a whole, with the containers that have no limits of their own', async () => {
    const name = next()
    const whole = (milli: string, mega: string): Resources => ({
      requests: { cpu: '20m', memory: '20Mi' },
      limits: { cpu: milli, memory: mega },
    })
    const containers = ['c1', 'c2'].map((one) => ({ name: one, ...shell('exec sleep 86400') }))
    await startPod(ns, name, { resources: whole('50m', '60Mi'), terminationGracePeriodSeconds: 0, containers })
    await podUntil(ns, name, 'to be ready', isReady)
    for (const [milli, mega] of [
      ['100m', '80Mi'],
      ['40m', '50Mi'],
    ] as const) {
      const body = { spec: { resources: whole(milli, mega) } }
      expect(await api.send('PATCH', `${path(name)}/resize`, body, strategic)).toMatchObject({ code: 200 })
      const { status } = await podUntil(ns, name, 'to be resized as a whole', (pod) => {
        const { resources } = pod.status as { resources?: Resources }
        const settled = !conditionOf(pod, 'PodResizePending') && !conditionOf(pod, 'PodResizeInProgress')
        return settled && JSON.stringify(sorted(resources)) === JSON.stringify(sorted(whole(milli, mega)))
      })
      expect(status).toMatchObject({ allocatedResources: { cpu: '20m', memory: '20Mi' } })
      expect(status.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0, 0])
      // without requests of their own they weigh as much as the limit they share
      await cgroups(name, Array<Resources>(2).fill({ limits: { cpu: milli, memory: mega } }))
    }
    const gone = { spec: { resources: null } }
    expect(await api.send('PATCH', `${path(name)}/resize`, gone, strategic)).toMatchObject({ code: 422 })
  })

  it('keeps its memory when it uses more than it is to have', async () => {
    const name = next()
    await start(name, [{ requests: { memory: '35Mi' }, limits: { memory: '35Mi' } }])
    await patch(name, [{ requests: { memory: '10Ki' }, limits: { memory: '10Ki' } }])
    const pod = await podUntil(
      ns,
      name,
      'to be in trouble',
      (one) => conditionOf(one, 'PodResizeInProgress')?.reason === 'Error',
    )
    expect(conditionOf(pod, 'PodResizeInProgress')?.message).toMatch(/memory limit \(10240\) below current usage/)
    expect(has(pod)).toEqual([{ requests: { memory: '35Mi' }, limits: { memory: '35Mi' } }])
    await resize(name, [{ requests: { memory: '40Mi' }, limits: { memory: '40Mi' } }])
  })
})

function sorted(resources: Resources | undefined): unknown {
  const entries = (amounts?: Amounts): unknown => Object.entries(amounts ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [entries(resources?.requests), entries(resources?.limits)]
}

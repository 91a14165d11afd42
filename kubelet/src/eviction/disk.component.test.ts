import { priorityClasses } from '@kubets/shared/api/resources.gen.ts'
import type { Container, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failed, runs } from '../pods/look.testing.ts'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'
import { makeImage } from '../runtime/docker/image.testing.ts'
import { makeDisk, type TestDisk } from '../volumes/disk.testing.ts'
import { evictionsOf, garbageOf, transitionMs } from './evictions.testing.ts'

const stopping = new AbortController()
const storage = 'ephemeral-storage'
const critical = { priority: 2_000_001_000, priorityClassName: 'system-node-critical' }

/** A node with a small disk of its own, images are on another one. */
describe('EvictionManager on a disk that gets full', { timeout: caseMs }, () => {
  let disk: TestDisk
  let rootDir: string
  let node: TestNode
  let evictions: ReturnType<typeof evictionsOf>
  beforeAll(async () => {
    disk = await makeDisk(64)
    rootDir = disk.place
    node = await startTestNode({ cpu: '1', memory: '64Gi', [storage]: '64Gi', pods: '20' }, { rootDir })
    evictions = evictionsOf(node)
    const kind = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' }
    await node.client.create(priorityClasses, { ...kind, metadata: { name: 'important' }, value: 1000 })
  })
  afterAll(async () => {
    stopping.abort()
    await node.stop()
    await disk.remove()
  })

  /** Runs a Pod that writes into a volume, and a little beside it; it is ready when that is done. */
  const writing = (name: string, mebibytes: number, spec: Partial<PodSpec> = {}, more: Partial<Container> = {}) =>
    node.run(name, {
      volumes: [{ name: 'cache', emptyDir: {} }],
      ...spec,
      containers: [
        {
          name: 'main',
          command: [
            'sh',
            '-c',
            `head -c ${mebibytes}m /dev/zero > /cache/large; head -c 1m /dev/zero > /own; touch /done; sleep 1000`,
          ],
          volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
          readinessProbe: { exec: { command: ['test', '-e', '/done'] }, periodSeconds: 1 },
          ...more,
        },
      ],
    })
  const during = async (manager: { run(signal: AbortSignal): Promise<void> }, check: () => Promise<void>) => {
    const stop = new AbortController()
    const running = manager.run(stop.signal)
    try {
      await check()
    } finally {
      stop.abort()
      await running
    }
  }

  it('ends who has more than it asked for, the least important and largest first, until there is enough', async () => {
    const { sizes, evicted, manager, counted, eventOf } = evictions
    const asking = { resources: { requests: { [storage]: '20Mi' } } }
    await Promise.all([
      writing('small', 4),
      writing('important', 14, { priorityClassName: 'important' }),
      writing('asking', 10, {}, asking),
      writing('large', 12),
      writing('critical', 6, critical),
    ])
    const names = ['small', 'important', 'asking', 'large', 'critical']
    const ready = names.map((name) => node.until(name, ({ status }) => status?.containerStatuses?.[0]?.ready))
    const pods = await Promise.all(ready)
    void sizes.run(stopping.signal)
    await waitFor(() =>
      pods.every(({ metadata: { uid = '' } }) => {
        const { containers, volumes } = sizes.of(uid)
        return containers.length > 0 && volumes.some(({ usedBytes }) => usedBytes > 2 ** 21)
      }),
    )
    const hard = manager({ 'nodefs.available': '30Mi' })
    await during(hard, async () => {
      const { status } = await node.until('important', failed)
      const message =
        /^The node was low on resource: ephemeral-storage\. Threshold quantity: 30Mi, available: \d+[KM]i\. Container main was using 1\d\d\dKi, request is 0, has larger consumption of ephemeral-storage\. $/
      for (const name of ['large', 'small', 'important']) {
        const { status } = await node.until(name, failed)
        expect(status).toMatchObject({ reason: 'Evicted', message: expect.stringMatching(message) as string })
        const { metadata, message: said } = await eventOf(name)
        expect(said).toBe(status?.message)
        expect(metadata.annotations).toMatchObject({ offending_containers: 'main', starved_resource: storage })
      }
      expect(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason).toBe('TerminationByKubelet')
      expect(await eventOf('n', 'EvictionThresholdMet')).toMatchObject({
        type: 'Warning',
        message: 'Attempting to reclaim ephemeral-storage',
      })
      // it goes on looking, and finds enough
      const [gone] = pods.filter(({ metadata }) => metadata.name === 'important')
      await waitFor(() => node.volumes.isTornDown(gone?.metadata.uid ?? ''))
    })
    expect(evicted).toEqual(['large', 'small', 'important'])
    expect(counted).toEqual(evicted.map(() => 'nodefs.available'))

    // the condition outlasts its reason
    expect(node.pressure).toEqual(['DiskPressure'])
    await writing('late', 1, {}, asking)
    expect((await node.until('late', failed)).status).toMatchObject({
      reason: 'Evicted',
      message: 'Pod was rejected: The node had condition: [DiskPressure]. ',
    })
    await writing('late-critical', 1, critical)
    await node.until('late-critical', runs)
    node.clock.pass(transitionMs)
    await during(hard, async () => void (await waitFor(() => node.pressure.length === 0)))
    await writing('later', 1)
    await node.until('later', runs)
    expect(evicted).toHaveLength(3)
    expect(runs(await node.get('asking'))).toBe(true)
  })

  it('removes images that nobody uses before it ends Pods, where these are', async () => {
    const { evicted, manager, counted } = evictions
    const unused = `kubets-test/${node.name}-unused:1`
    await makeImage(unused, ['sleep'])
    const { runtime } = node
    // others work with this Docker, whose images are none of the test's business
    const listImages = async (signal: AbortSignal) =>
      (await runtime.listImages(signal)).filter(({ repoTags }) => repoTags.includes(unused))
    const garbage = garbageOf({ ...node, runtime: { ...runtime, listImages } }, () => evicted.push('an image'))
    evicted.length = 0
    await during(manager({ 'imagefs.available': '1Pi' }, { garbage }), async () => {
      const { status } = await node.until('asking', failed)
      expect(status?.message).toMatch(
        /^The node was low on resource: ephemeral-storage\. Threshold quantity: 1Pi, available: /,
      )
    })
    // who asked for nothing goes before who has less than it asked for
    expect(evicted).toEqual(['an image', 'later', 'asking'])
    expect(counted.slice(3)).toEqual(['imagefs.available', 'imagefs.available'])
  })
})

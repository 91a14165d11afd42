import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'
import { evictionsOf } from './evictions.testing.ts'

const stopping = new AbortController()
const runs = ({ status }: Pod): boolean => status?.phase === 'Running'
const ready = ({ status }: Pod): boolean => status?.containerStatuses?.every((one) => one.ready) ?? false
const failed = ({ status }: Pod): boolean => status?.phase === 'Failed'
const storage = 'ephemeral-storage'

describe('EvictionManager', { timeout: caseMs }, () => {
  let node: TestNode
  let evictions: ReturnType<typeof evictionsOf>
  beforeAll(async () => {
    node = await startTestNode({ cpu: '1', memory: '64Gi', [storage]: '64Gi', pods: '20' })
    evictions = evictionsOf(node)
  })
  afterAll(async () => {
    stopping.abort()
    await node.stop()
  })

  /** A container that is ready when it has run the command. */
  const after = (command: string, limits: Record<string, string> = {}) => ({
    name: 'main',
    command: ['sh', '-c', `${command}; touch /tmp/done; sleep 1000`],
    readinessProbe: { exec: { command: ['test', '-e', '/tmp/done'] }, periodSeconds: 1 },
    resources: { limits },
  })
  const write = (place: string): string => `dd if=/dev/zero of=${place} bs=1M count=2`

  it('ends Pods that take more of the disk than they may', async () => {
    const volumes = [{ name: 'cache', emptyDir: { sizeLimit: '1Mi' } }]
    const volumeMounts = [{ name: 'cache', mountPath: '/cache' }]
    const other = { name: 'other', resources: { limits: { [storage]: '100Mi' } } }
    await node.run('volume', { volumes, containers: [{ ...after(write('/cache/large')), volumeMounts }] })
    await node.run('files', { containers: [after(write('/large'), { [storage]: '1Mi' }), other] })
    await node.run('logs', { containers: [after('yes kubets | head -c 2000000', { [storage]: '1Mi' })] })
    await node.run('modest', { volumes, containers: [{ ...after('true', { [storage]: '1Mi' }), volumeMounts }] })
    const names = ['volume', 'files', 'logs', 'modest']
    const pods = await Promise.all(names.map((name) => node.until(name, ready)))
    const { sizes, manager, counted, eventOf } = evictions
    void sizes.run(stopping.signal)
    await waitFor(() => {
      const known = pods.map(({ metadata: { uid = '' } }) => sizes.of(uid))
      return known.every(({ containers }) => containers.length > 0)
    })
    await waitFor(() => sizes.of(pods[0]?.metadata.uid ?? '').volumes.some(({ usedBytes }) => usedBytes > 2 ** 21))
    const stop = new AbortController()
    const running = manager({}).run(stop.signal)
    const messages = {
      volume: 'Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ',
      files: 'Container main exceeded its local ephemeral storage limit "1Mi". ',
      logs: 'Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ',
    }
    for (const [name, message] of Object.entries(messages)) {
      const { status } = await node.until(name, failed)
      expect(status).toMatchObject({ reason: 'Evicted', message })
      expect(status?.conditions?.some(({ type }) => type === 'DisruptionTarget')).toBe(false)
      expect(await eventOf(name)).toMatchObject({ type: 'Warning', message })
    }
    stop.abort()
    await running
    expect(runs(await node.get('modest'))).toBe(true)
    expect(counted.toSorted()).toEqual(['emptydirfs.limit', 'ephemeralcontainerfs.limit', 'ephemeralpodfs.limit'])
    // with nothing over a limit, and no threshold, the node is as it was
    expect(node.pressure).toEqual([])
  })

  it('ends Pods while memory is short, who asked for least of it first, and takes no more of these', async () => {
    const critical = { priority: 2_000_001_000, priorityClassName: 'system-node-critical' }
    const { manager, counted, eventOf } = evictions
    const asking = { name: 'main', resources: { requests: { memory: '32Gi' } } }
    await node.run('asking', { containers: [asking] })
    await node.run('critical', { ...critical, containers: [{ name: 'main' }] })
    await node.run('greedy', { terminationGracePeriodSeconds: 600, containers: [{ name: 'main' }] })
    await Promise.all(['asking', 'critical', 'greedy'].map((name) => node.until(name, runs)))
    const stop = new AbortController()
    const running = manager({ 'memory.available': '1Ti' }).run(stop.signal)
    const { status } = await node.until('greedy', failed)
    const message =
      /^The node was low on resource: memory\. Threshold quantity: 1Ti, available: \d+\w*\. Container main was using \d+\w*, request is 0, has larger consumption of memory\. $/
    expect(status).toMatchObject({ reason: 'Evicted', message: expect.stringMatching(message) as string })
    expect(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'TerminationByKubelet',
      message: status?.message,
    })
    const { metadata, message: said } = await eventOf('greedy')
    expect(said).toBe(status?.message)
    expect(metadata.annotations).toMatchObject({ offending_containers: 'main', starved_resource: 'memory' })
    await node.run('late', { containers: [{ name: 'main' }] })
    expect((await node.until('late', failed)).status).toMatchObject({
      reason: 'Evicted',
      message: 'Pod was rejected: The node had condition: [MemoryPressure]. ',
    })
    expect(await eventOf('late')).toMatchObject({ message: 'The node had condition: [MemoryPressure]. ' })
    await node.until('asking', failed)
    stop.abort()
    await running
    expect(runs(await node.get('critical'))).toBe(true)
    expect(new Set(counted.slice(3))).toEqual(new Set(['memory.available']))
    expect(node.pressure).toEqual(['MemoryPressure'])
  })
})

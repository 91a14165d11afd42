import { describe, expect, it } from 'vitest'
import { cacheOf, node, pod } from '../cases.ts'
import { podInfo } from './pod-info.ts'
import { podResources } from './resources.ts'

const usage = (cache: ReturnType<typeof cacheOf>, name: string) => {
  const info = cache.node(name)
  return [info?.pods.size, info?.requested.milliCPU]
}

describe('Cache', () => {
  it('sums what runs on a node and gives it back', () => {
    const cache = cacheOf([node('a')], [pod('p', { on: 'a', cpu: '500m' }), pod('q', { on: 'a', cpu: '1' })])
    expect(usage(cache, 'a')).toEqual([2, 1500])
    cache.removePod('uid-p')
    expect(usage(cache, 'a')).toEqual([1, 1000])
    cache.setPod(pod('q', { on: 'a', cpu: '2' }))
    expect(usage(cache, 'a')).toEqual([1, 2000])
  })

  it('works a Pod out anew when its generation or its labels change', () => {
    const at = (generation: number, cpu: string, app: string) => {
      const made = pod('p', { on: 'a', cpu, labels: { app } })
      made.metadata.generation = generation
      return made
    }
    const cache = cacheOf([node('a')], [at(1, '1', 'web')])
    const known = cache.node('a')?.pods.get('uid-p')
    cache.setPod({ ...at(1, '1', 'web'), status: { phase: 'Running' } })
    const running = cache.node('a')?.pods.get('uid-p')
    expect([running?.requests === known?.requests, running?.pod.status?.phase]).toEqual([true, 'Running'])
    cache.setPod(at(2, '2', 'web'))
    expect(usage(cache, 'a')).toEqual([1, 2000])
    cache.setPod(at(2, '2', 'db'))
    expect(cache.node('a')?.pods.get('uid-p')?.labels).toEqual({ app: 'db' })
  })

  it('counts an assumed Pod once, wherever the API then says it runs', () => {
    const cache = cacheOf([node('a'), node('b')])
    cache.assume(podInfo(pod('p', { cpu: '1' })), 'a')
    expect(usage(cache, 'a')).toEqual([1, 1000])
    cache.setPod(pod('p', { on: 'b', cpu: '1' }))
    expect([usage(cache, 'a'), usage(cache, 'b')]).toEqual([
      [0, 0],
      [1, 1000],
    ])
    expect(cache.isAssumed('uid-p')).toBe(false)
  })

  it('forgets an assumed Pod, but not one the API confirmed', () => {
    const cache = cacheOf([node('a')])
    cache.assume(podInfo(pod('p', { cpu: '1' })), 'a')
    cache.forget('uid-p')
    expect(usage(cache, 'a')).toEqual([0, 0])
    cache.assume(podInfo(pod('p', { cpu: '1' })), 'a')
    cache.setPod(pod('p', { on: 'a', cpu: '1' }))
    cache.forget('uid-p')
    expect(usage(cache, 'a')).toEqual([1, 1000])
  })

  it('keeps the Pods of a node that is not there yet, or no more', () => {
    const cache = cacheOf([], [pod('p', { on: 'a', cpu: '1' })])
    expect(cache.nodes).toEqual([])
    cache.setNode(node('a'))
    expect(usage(cache, 'a')).toEqual([1, 1000])
    cache.removeNode('a')
    expect(cache.nodes).toEqual([])
    cache.setNode(node('a'))
    expect(usage(cache, 'a')).toEqual([1, 1000])
  })

  it('counts what a Pod holds until it is resized', () => {
    const small = pod('p', { on: 'a', cpu: '1' })
    const told = (cpu: string) => ({
      ...small,
      metadata: { ...small.metadata, generation: 1 },
      status: {
        containerStatuses: small.spec.containers.map(({ name }) => ({
          name,
          ready: true,
          restartCount: 0,
          image: 'i',
          imageID: 'i',
          resources: { requests: { cpu } },
        })),
      },
    })
    const cache = cacheOf([node('a')], [told('3')])
    expect(usage(cache, 'a')).toEqual([1, 3000])
    cache.setPod(told('1'))
    expect(usage(cache, 'a')).toEqual([1, 1000])
  })

  it('orders nodes zone by turns', () => {
    const zoned = (name: string, zone: string) => node(name, { labels: { 'topology.kubernetes.io/zone': zone } })
    const cache = cacheOf([zoned('a1', 'a'), zoned('a2', 'a'), zoned('b1', 'b'), zoned('c1', 'c')])
    expect(cache.nodes.map(({ name }) => name)).toEqual(['a1', 'b1', 'c1', 'a2'])
  })
})

describe('podResources', () => {
  const container = (cpu: string, extra: object = {}) => ({ name: cpu, resources: { requests: { cpu } }, ...extra })

  it.each([
    ['containers add up', { containers: [container('1'), container('500m')] }, 1500],
    ['an init container counts alone', { containers: [container('1')], initContainers: [container('3')] }, 3000],
    [
      'sidecars run beside everything after them',
      {
        containers: [container('1')],
        initContainers: [container('500m', { restartPolicy: 'Always' }), container('2')],
      },
      2500,
    ],
    ['overhead comes on top', { containers: [container('1')], overhead: { cpu: '100m' } }, 1100],
    ['the Pod as a whole', { containers: [container('1')], resources: { requests: { cpu: '2' } } }, 2000],
  ])('%s', (_name, spec, want) => {
    expect(podResources(pod('p', { spec })).milliCPU).toBe(want)
  })

  it('takes huge pages of the Pod as a whole, and no devices', () => {
    const requests = { 'hugepages-2Mi': '4Mi', 'example.com/device': '2' }
    const { scalar } = podResources(pod('p', { spec: { containers: [container('1')], resources: { requests } } }))
    expect([...scalar]).toEqual([['hugepages-2Mi', 4 * 1024 * 1024]])
  })

  it('counts a little for who asks for nothing, in scores', () => {
    expect(podResources(pod('p'), true)).toMatchObject({ milliCPU: 100, memory: 200 * 1024 * 1024 })
    expect(podResources(pod('p'))).toMatchObject({ milliCPU: 0, memory: 0 })
  })
})

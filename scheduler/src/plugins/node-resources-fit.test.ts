import type { Container, Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { cacheOf, node, pod } from '../cases.ts'
import { isRejection } from '../framework/plugin.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'

type Amounts = Record<string, string>
const container = (requests: Amounts, more: Partial<Container> = {}): Container => ({
  name: 'c',
  image: 'i',
  resources: { requests },
  ...more,
})
const asking = (requests: Amounts, spec: Partial<PodSpec> = {}): Pod =>
  pod('p', { spec: { containers: [container(requests)], ...spec } })

/** What the plugin says of a node of this size with a Pod of those requests; "!" marks what no eviction would help. */
function verdict(incoming: Pod, used: Amounts = {}, size: Amounts = {}): string {
  const there = node('a')
  there.status = { allocatable: { cpu: '1', memory: '1Gi', pods: '2', 'ephemeral-storage': '1Gi', ...size } }
  const running = pod('r', { on: 'a', spec: { containers: [container(used)] } })
  const cache = cacheOf([there], [running])
  const filter = nodeResourcesFit().preFilter?.(podInfo(incoming), cache)
  const found = cache.node('a')
  const rejection = isRejection(filter) ? filter : found && filter?.(found)
  return rejection ? `${rejection.unresolvable ? '!' : ''}${rejection.reasons.join(', ')}` : ''
}

// pkg/scheduler/framework/plugins/noderesources/fit_test.go TestEnoughRequests, TestNotEnoughRequests
describe('NodeResourcesFit', () => {
  const gpu = 'example.com/gpu'
  it.each<[string, Pod, Amounts, string, Amounts?]>([
    ['all that is left', asking({ cpu: '600m', memory: '512Mi' }), { cpu: '400m', memory: '512Mi' }, ''],
    ['more than is left', asking({ cpu: '601m' }), { cpu: '400m' }, 'Insufficient cpu'],
    ['more than there is at all', asking({ cpu: '2' }), {}, '!Insufficient cpu'],
    [
      'too much of several',
      asking({ cpu: '600m', memory: '600Mi' }),
      { cpu: '500m', memory: '600Mi' },
      'Insufficient cpu, Insufficient memory',
    ],
    ['nothing, of a node that is full', asking({}), { cpu: '1', memory: '1Gi' }, ''],
    ['nothing of what is overfull', asking({ memory: '1Mi' }), { cpu: '3' }, ''],
    [
      'an init container that asks for more',
      asking({ cpu: '100m' }, { initContainers: [container({ cpu: '600m' })] }),
      { cpu: '500m' },
      'Insufficient cpu',
    ],
    [
      'init containers, the largest of which counts',
      asking({ cpu: '100m' }, { initContainers: [container({ cpu: '300m' }), container({ cpu: '400m' })] }),
      { cpu: '600m' },
      '',
    ],
    [
      'a sidecar beside all others',
      asking({ cpu: '300m' }, { initContainers: [container({ cpu: '300m' }, { restartPolicy: 'Always' })] }),
      { cpu: '500m' },
      'Insufficient cpu',
    ],
    [
      'a sidecar beside the init containers after it',
      asking(
        {},
        { initContainers: [container({ cpu: '300m' }, { restartPolicy: 'Always' }), container({ cpu: '300m' })] },
      ),
      { cpu: '500m' },
      'Insufficient cpu',
    ],
    [
      'an init container before the sidecar',
      asking(
        {},
        { initContainers: [container({ cpu: '300m' }), container({ cpu: '300m' }, { restartPolicy: 'Always' })] },
      ),
      { cpu: '500m' },
      '',
    ],
    ['overhead', asking({ cpu: '500m' }, { overhead: { cpu: '100m' } }), { cpu: '500m' }, 'Insufficient cpu'],
    [
      'the Pod as a whole',
      asking({ cpu: '100m' }, { resources: { requests: { cpu: '600m' } } }),
      { cpu: '500m' },
      'Insufficient cpu',
    ],
    [
      'disk',
      asking({ 'ephemeral-storage': '600Mi' }),
      { 'ephemeral-storage': '500Mi' },
      'Insufficient ephemeral-storage',
    ],
    ['an extended resource', asking({ [gpu]: '1' }), { [gpu]: '1' }, '', { [gpu]: '2' }],
    ['too much of an extended resource', asking({ [gpu]: '2' }), { [gpu]: '1' }, `Insufficient ${gpu}`, { [gpu]: '2' }],
    ['an extended resource that is not there', asking({ [gpu]: '1' }), {}, `!Insufficient ${gpu}`],
    ['none of one that is not there', asking({ [gpu]: '0' }), {}, ''],
    [
      'huge pages',
      asking({ 'hugepages-2Mi': '4Mi' }),
      { 'hugepages-2Mi': '2Mi' },
      'Insufficient hugepages-2Mi',
      { 'hugepages-2Mi': '4Mi' },
    ],
    ['one Pod more than there may be', asking({}), {}, 'Too many pods', { pods: '1' }],
    ['one Pod more, and more besides', asking({ cpu: '2' }), {}, '!Too many pods, Insufficient cpu', { pods: '1' }],
  ])('%s', (_, incoming, used, want, size) => expect(verdict(incoming, used, size)).toBe(want))
})

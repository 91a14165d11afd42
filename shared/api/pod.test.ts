import { describe, expect, it } from 'vitest'
import { getCondition, isPodReady, isPodTerminal, podLimits, podQOS, podRequests, setCondition } from './pod.ts'
import type { Pod, PodCondition, PodSpec } from './types/core-v1.ts'

const pod = (spec: Partial<PodSpec>, status: Pod['status'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [], ...spec } as PodSpec,
  status,
})

const container = (requests: Record<string, string>, limits?: Record<string, string>, restartPolicy?: string) => ({
  name: 'c',
  resources: { requests, ...(limits ? { limits } : {}) },
  ...(restartPolicy ? { restartPolicy } : {}),
})

const plain = (resources: ReadonlyMap<string, { toString(): string }>) =>
  Object.fromEntries([...resources].map(([name, quantity]) => [name, quantity.toString()]))

describe('podRequests', () => {
  it.each<[string, Partial<PodSpec>, Record<string, string>]>([
    ['nothing', { containers: [{ name: 'c' }] }, {}],
    [
      'the sum',
      { containers: [container({ cpu: '100m' }), container({ cpu: '1', memory: '1Gi' })] },
      { cpu: '1100m', memory: '1Gi' },
    ],
    [
      'the largest initialisation',
      { containers: [container({ cpu: '1' })], initContainers: [container({ cpu: '3' }), container({ cpu: '2' })] },
      { cpu: '3' },
    ],
    [
      'sidecars along with what starts after them',
      {
        containers: [container({ cpu: '1' })],
        initContainers: [container({ cpu: '500m' }, undefined, 'Always'), container({ cpu: '2' })],
      },
      { cpu: '2500m' },
    ],
    [
      'sidecars along with the containers',
      {
        containers: [container({ cpu: '1' })],
        initContainers: [container({ cpu: '1' }), container({ cpu: '2' }, undefined, 'Always')],
      },
      { cpu: '3' },
    ],
    [
      'overhead',
      { containers: [container({ cpu: '1' })], overhead: { cpu: '10m', memory: '5Mi' } },
      { cpu: '1010m', memory: '5Mi' },
    ],
    [
      'the pod level',
      { containers: [container({ cpu: '1', memory: '1Gi' })], resources: { requests: { cpu: '4' } } },
      { cpu: '4', memory: '1Gi' },
    ],
  ])('counts %s', (_, spec, expected) => {
    expect(plain(podRequests(pod(spec)))).toEqual(expected)
  })

  it('adds overhead only to limits that exist', () => {
    const spec = { containers: [container({}, { cpu: '1' })], overhead: { cpu: '1', memory: '1' } }
    expect(plain(podLimits(pod(spec)))).toEqual({ cpu: '2' })
  })
})

describe('podQOS', () => {
  const both = { cpu: '1', memory: '1Gi' }
  it.each<[string, Partial<PodSpec>]>([
    ['BestEffort', { containers: [{ name: 'c' }] }],
    ['BestEffort', { containers: [container({ cpu: '0' })] }],
    ['Burstable', { containers: [container({ cpu: '1' })] }],
    ['Burstable', { containers: [container(both, both), { name: 'd' }] }],
    ['Burstable', { containers: [container(both, { cpu: '2', memory: '1Gi' })] }],
    ['Burstable', { containers: [container({}, { cpu: '1' })] }],
    ['Guaranteed', { containers: [container(both, { cpu: '1000m', memory: '1024Mi' })] }],
    ['Guaranteed', { containers: [container({}, both)] }],
    ['Burstable', { containers: [container(both, both)], initContainers: [{ name: 'i' }] }],
    ['Guaranteed', { containers: [{ name: 'c' }], resources: { requests: both, limits: both } }],
  ])('%s: %j', (expected, spec) => {
    expect(podQOS(pod(spec))).toBe(expected)
  })
})

describe('conditions', () => {
  it('tells ready and ended pods', () => {
    expect(isPodReady(pod({}, { conditions: [{ type: 'Ready', status: 'True' }] }))).toBe(true)
    expect(isPodReady(pod({}, { conditions: [{ type: 'Ready', status: 'False' }] }))).toBe(false)
    expect(isPodReady(pod({}))).toBe(false)
    expect(
      ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'].filter((phase) => isPodTerminal(pod({}, { phase }))),
    ).toEqual(['Succeeded', 'Failed'])
  })

  it('keeps the time of transition while the status stays', () => {
    const first = setCondition<PodCondition>([], { type: 'Ready', status: 'False', reason: 'a' }, Date.UTC(2026, 0, 1))
    const same = setCondition(first, { type: 'Ready', status: 'False', reason: 'b' }, Date.UTC(2026, 0, 2))
    const other = setCondition(same, { type: 'Ready', status: 'True' }, Date.UTC(2026, 0, 3))
    expect(same).toEqual([{ type: 'Ready', status: 'False', reason: 'b', lastTransitionTime: '2026-01-01T00:00:00Z' }])
    expect(getCondition(other, 'Ready')?.lastTransitionTime).toBe('2026-01-03T00:00:00Z')
    expect(first[0]?.reason).toBe('a')
  })
})

import { describe, expect, it } from 'vitest'
import { isResizing, whileResizing } from './resize.ts'
import type { ContainerStatus, Pod } from './types/core-v1.ts'

interface Shape {
  asked: Record<string, string>
  had?: Record<string, string>
  granted?: Record<string, string>
  limit?: [asked: string, had: string]
  pending?: string
}

const status = (name: string, { had, granted, limit }: Shape): ContainerStatus => ({
  name,
  ready: true,
  restartCount: 0,
  image: 'i',
  imageID: 'i',
  ...(had ? { resources: { requests: had, ...(limit ? { limits: { cpu: limit[1] } } : {}) } } : {}),
  ...(granted ? { allocatedResources: granted } : {}),
})
const pod = (shape: Shape): Pod => {
  const { asked, limit, pending } = shape
  const resources = { requests: asked, ...(limit ? { limits: { cpu: limit[0] } } : {}) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: {
      containers: [{ name: 'c', image: 'i', resources }],
      initContainers: [
        { name: 'sidecar', image: 'i', resources, restartPolicy: 'Always' },
        { name: 'first', image: 'i', resources },
      ],
    },
    status: {
      containerStatuses: [status('c', shape)],
      initContainerStatuses: [status('sidecar', shape), status('first', shape)],
      ...(pending ? { conditions: [{ type: 'PodResizePending', status: 'True', reason: pending }] } : {}),
    },
  }
}

describe('while a Pod is resized', () => {
  it.each<[string, Shape, Record<string, string>]>([
    ['it holds what it has until it has less', { asked: { cpu: '1' }, had: { cpu: '2' } }, { cpu: '2' }],
    ['it holds what it is to have until it has it', { asked: { cpu: '3' }, had: { cpu: '2' } }, { cpu: '3' }],
    ['it holds what was granted', { asked: { cpu: '1' }, had: { cpu: '1' }, granted: { cpu: '4' } }, { cpu: '4' }],
    [
      'each resource is looked at by itself',
      { asked: { cpu: '1', memory: '2Gi' }, had: { cpu: '2', memory: '1Gi' } },
      { cpu: '2', memory: '2Gi' },
    ],
    [
      'it does not hold what it will never get',
      { asked: { cpu: '9' }, had: { cpu: '2' }, granted: { cpu: '2' }, pending: 'Infeasible' },
      { cpu: '2' },
    ],
    ['it holds what it may get later', { asked: { cpu: '9' }, had: { cpu: '2' }, pending: 'Deferred' }, { cpu: '9' }],
  ])('%s', (_, shape, wanted) => {
    const { spec } = whileResizing(pod(shape))
    expect(spec.containers[0]?.resources?.requests).toEqual(wanted)
    expect(spec.initContainers?.[0]?.resources?.requests).toEqual(wanted)
    // one that runs once cannot be resized
    expect(spec.initContainers?.[1]?.resources?.requests).toEqual(shape.asked)
  })

  it('limits are looked at too', () => {
    const { spec } = whileResizing(pod({ asked: { cpu: '1' }, had: { cpu: '1' }, limit: ['1', '2'] }))
    expect(spec.containers[0]?.resources).toEqual({ requests: { cpu: '1' }, limits: { cpu: '2' } })
  })

  it('what it has as a whole is looked at where it asks for something as a whole', () => {
    const small = pod({ asked: { cpu: '1' } })
    const had = { requests: { cpu: '3', 'ephemeral-storage': '1Gi' }, limits: { cpu: '4' } }
    const one = { ...small, status: { ...small.status, resources: had } }
    expect(whileResizing(one)).toBe(one)
    const whole = { ...one, spec: { ...one.spec, resources: { requests: { cpu: '2' } } } }
    expect(whileResizing(whole).spec.resources).toEqual({ requests: { cpu: '3' }, limits: { cpu: '4' } })
  })

  it.each<[string, Shape]>([
    ['nothing is known', { asked: { cpu: '1' } }],
    ['it has what it asks for', { asked: { cpu: '1' }, had: { cpu: '1' }, granted: { cpu: '1' }, limit: ['2', '2'] }],
    ['it is but written otherwise', { asked: { cpu: '1' }, had: { cpu: '1000m' } }],
  ])('it is the same Pod when %s', (_, shape) => {
    const one = pod(shape)
    expect(whileResizing(one)).toBe(one)
    expect(isResizing(one)).toBe(false)
  })
})

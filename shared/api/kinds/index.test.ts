import { describe, expect, it } from 'vitest'
import { apiVersionOf, type KubeObject } from '../../machinery/object.ts'
import { decodeObject } from '../../machinery/schema/decode.ts'
import { schemaFor } from '../schemas.ts'
import type { HorizontalPodAutoscaler } from '../types/autoscaling-v1.ts'
import { findKind, findKindByGVK, kinds } from './index.ts'
import {
  prepareForCreate,
  prepareForStatusUpdate,
  prepareForUpdate,
  validateCreate,
  validateStatusUpdate,
  validateUpdate,
} from './strategy.ts'

describe('the table of kinds', () => {
  it('names each kind and resource once', () => {
    const names = kinds.flatMap((kind) => [
      `${kind.group}/${kind.version}/${kind.plural}`,
      `${kind.group}/${kind.version}/${kind.kind}`,
    ])
    expect(new Set(names).size).toBe(names.length)
  })

  it.each(kinds.map((kind) => [`${kind.group}/${kind.version} ${kind.kind}`, kind] as const))('%s', (_, kind) => {
    expect(schemaFor(kind.group, kind.version, kind.kind)).toBeDefined()
    expect(findKind(kind.group, kind.version, kind.plural)).toBe(kind)
    expect(findKindByGVK(kind.group ? `${kind.group}/${kind.version}` : kind.version, kind.kind)).toBe(kind)
    expect(kind.scale !== undefined).toBe(kind.subresources.includes('scale'))
    // an object with nothing in it goes all the way without a fall
    const apiVersion = apiVersionOf(kind)
    const given = { apiVersion, kind: kind.kind, metadata: { name: 'a', namespace: 'x' } }
    const decoded = () =>
      decodeObject(schemaFor(kind.group, kind.version, kind.kind), given, 'Strict').object as unknown as KubeObject
    const empty = decoded()
    kind.defaults?.(empty)
    expect(kind.row(empty, 0)).toHaveLength(kind.columns.length)
    prepareForCreate(kind, empty)
    expect(Array.isArray(validateCreate(kind, empty))).toBe(true)
    const next = decoded()
    kind.defaults?.(next)
    prepareForUpdate(kind, next, empty)
    expect(Array.isArray(validateUpdate(kind, next, empty))).toBe(true)
    prepareForStatusUpdate(kind, next, empty, '2026-01-01T00:00:00Z')
    expect(Array.isArray(validateStatusUpdate(kind, next, empty))).toBe(true)
    for (const read of Object.values(kind.selectableFields ?? {})) expect(typeof read(next)).toBe('string')
  })
})

it('keeps a v1 autoscaler through its stored form', () => {
  const kind = findKind('autoscaling', 'v1', 'horizontalpodautoscalers')
  const obj: HorizontalPodAutoscaler = {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a', namespace: 'x' },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' },
      minReplicas: 1,
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 60,
    },
  }
  const stored = kind?.storedAs?.to(obj)
  expect(stored).toMatchObject({
    apiVersion: 'autoscaling/v2',
    spec: { metrics: [{ resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } }] },
  })
  expect(stored && kind?.storedAs?.from(stored)).toEqual(obj)
})

describe('the status of a new object', () => {
  const cases: [kind: string, status: object][] = [
    ['batch/v1 cronjobs', {}],
    ['batch/v1 jobs', {}],
    ['apps/v1 deployments', {}],
    ['apps/v1 replicasets', { replicas: 0 }],
    [
      'apps/v1 daemonsets',
      { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
    ],
    ['/v1 services', { loadBalancer: {} }],
    ['networking.k8s.io/v1 ingresses', { loadBalancer: {} }],
    ['resource.k8s.io/v1 resourceclaims', {}],
  ]
  it.each(cases)('%s', (name, status) => {
    const [groupVersion, plural] = name.split(' ') as [string, string]
    const [group, version] = groupVersion.split('/') as [string, string]
    const kind = findKind(group, version, plural)
    if (!kind) throw new Error(`no ${name}`)
    const obj = {
      metadata: { name: 'a' },
      spec: {},
      status: { conditions: [{ type: 'Mine' }] },
    } as unknown as KubeObject
    prepareForCreate(kind, obj)
    expect(obj).toHaveProperty('status', status)
  })
})

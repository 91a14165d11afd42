import { describe, expect, it } from 'vitest'
import type { Kind } from '../kind.ts'
import { createProblems, createWarnings, stored, updateProblems, type Draft } from '../test-cases.ts'
import { controllerRevision } from '../apps/controllerrevisions/kind.ts'
import { runtimeClass } from '../node/runtimeclasses/kind.ts'
import { limitRange } from './limitranges/kind.ts'
import { node } from './nodes/kind.ts'
import { persistentVolumeClaim as claim } from './persistentvolumeclaims/kind.ts'
import { persistentVolume as volume } from './persistentvolumes/kind.ts'
import { resourceQuota } from './resourcequotas/kind.ts'
import { serviceAccount } from './serviceaccounts/kind.ts'

const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const volumeSpec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] }
const csi = { driver: 'd.example', volumeHandle: 'h' }
const limits = (item: object): Draft => ({ spec: { limits: [item] } })

// pkg/apis/core/validation/validation_test.go
const cases: [string, Kind, Draft, string[]][] = [
  ['volume', volume, { spec: { ...volumeSpec, csi } }, []],
  [
    'volume with two sources',
    volume,
    { spec: { ...volumeSpec, csi, hostPath: { path: '/a' } } },
    ['spec.csi: Forbidden: may not specify more than 1 volume type'],
  ],
  ['volume without source', volume, { spec: volumeSpec }, ['spec: Required value: must specify a volume type']],
  [
    'local volume anywhere',
    volume,
    { spec: { ...volumeSpec, local: { path: '/a' } } },
    ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
  ],
  [
    'volume of no size',
    volume,
    { spec: { ...volumeSpec, csi, capacity: { storage: '0' } } },
    ['spec.capacity[storage]: Invalid value: "0": must be greater than zero'],
  ],
  [
    'root to be recycled',
    volume,
    { spec: { ...volumeSpec, hostPath: { path: '/a/..' }, persistentVolumeReclaimPolicy: 'Recycle' } },
    [
      'spec.hostPath.path: Invalid value: "/a/..": must not contain \'..\'',
      "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
    ],
  ],
  [
    'secret without namespace',
    volume,
    { spec: { ...volumeSpec, csi: { ...csi, nodePublishSecretRef: { name: 's' } } } },
    ['spec.csi.nodePublishSecretRef.namespace: Required value'],
  ],
  ['claim', claim, { spec: claimSpec }, []],
  [
    'claim of nothing',
    claim,
    { spec: {} },
    ['spec.accessModes: Required value: at least 1 access mode is required', 'spec.resources[storage]: Required value'],
  ],
  [
    'claim with another source',
    claim,
    {
      spec: {
        ...claimSpec,
        dataSource: { kind: 'PersistentVolumeClaim', name: 'a' },
        dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' },
      },
    },
    ['spec: Invalid value: {}: must match dataSourceRef'],
  ],
  ['quota', resourceQuota, { spec: { hard: { cpu: '1', 'count/widgets.example.com': '2' } } }, []],
  [
    'quota of something unknown',
    resourceQuota,
    { spec: { hard: { beds: '1' } } },
    [
      'spec.hard[beds]: Invalid value: "beds": must be a standard resource type or fully qualified',
      'spec.hard[beds]: Invalid value: "beds": must be a standard resource for quota',
    ],
  ],
  ['quota of huge pages', resourceQuota, { spec: { hard: { 'requests.hugepages-2Mi': '1' } } }, []],
  [
    'quota of limits of huge pages',
    resourceQuota,
    { spec: { hard: { 'limits.hugepages-2Mi': '1' } } },
    [
      'spec.hard[limits.hugepages-2Mi]: Invalid value: "limits.hugepages-2Mi": must be a standard resource type or fully qualified',
      'spec.hard[limits.hugepages-2Mi]: Invalid value: "limits.hugepages-2Mi": must be a standard resource for quota',
    ],
  ],
  [
    'quota of ephemeral storage of some Pods',
    resourceQuota,
    { spec: { hard: { 'ephemeral-storage': '1Gi' }, scopes: ['NotTerminating'] } },
    ['spec.scopes: Invalid value: ["NotTerminating"]: unsupported scope applied to resource'],
  ],
  [
    'quota with a selector that says too much',
    resourceQuota,
    {
      spec: {
        hard: { pods: '1' },
        scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'Exists', values: ['a'] }] },
      },
    },
    [
      "spec.scopeSelector.matchExpressions.values: Invalid value: [\"a\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
    ],
  ],
  [
    'quota with scopes that exclude each other',
    resourceQuota,
    { spec: { hard: { pods: '1' }, scopes: ['BestEffort', 'NotBestEffort'] } },
    ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes'],
  ],
  [
    'quota with a scope that does not fit',
    resourceQuota,
    { spec: { hard: { services: '1' }, scopes: ['Terminating'] } },
    ['spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource'],
  ],
  [
    'quota with a selector',
    resourceQuota,
    {
      spec: {
        hard: { pods: '1' },
        scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] },
      },
    },
    [
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    ],
  ],
  ['limits', limitRange, limits({ type: 'Container', max: { cpu: '1' }, min: { cpu: '100m' } }), []],
  [
    'limits of a claim',
    limitRange,
    limits({ type: 'PersistentVolumeClaim', max: { memory: '1' } }),
    ['spec.limits[0]: Required value: either minimum or maximum storage value is required, but neither was provided'],
  ],
  [
    'limits of something unknown',
    limitRange,
    limits({ type: 'Pod', max: { beds: '1' } }),
    ['spec.limits[0].max[beds]: Invalid value: "beds": must be a standard resource type or fully qualified'],
  ],
  [
    'ratio',
    limitRange,
    limits({ type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } }),
    ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1'],
  ],
  ['runtime class', runtimeClass, { handler: 'runc' }, []],
  [
    'runtime class without handler',
    runtimeClass,
    { handler: '' },
    [
      "handler: Invalid value: \"\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
  ['revision', controllerRevision, { data: { a: 1 }, revision: 1 }, []],
  [
    'revision of nothing',
    controllerRevision,
    { revision: -1 },
    ['data: Required value: data is mandatory', 'revision: Invalid value: -1: must be greater than or equal to 0'],
  ],
]
it.each(cases)('%s', (_, kind, draft, want) => {
  expect(createProblems(kind, draft)).toEqual(want)
})

type Change = (obj: { metadata: Record<string, unknown>; spec: Record<string, unknown>; data: unknown }) => void
describe('updates', () => {
  const change = (kind: Kind, draft: Draft, to: Change) =>
    updateProblems(kind, draft, to as unknown as (obj: Draft) => void)

  it('a claim is what it was', () => {
    const problems = change(claim, { spec: claimSpec }, ({ spec }) => (spec['accessModes'] = ['ReadWriteMany']))
    expect(problems).toEqual([
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n- accessModes: ["ReadWriteOnce"]\n+ accessModes: ["ReadWriteMany"]',
    ])
    expect(change(claim, { spec: claimSpec }, ({ spec }) => (spec['volumeName'] = 'v'))).toEqual([])
    expect(change(claim, { spec: claimSpec }, ({ spec }) => (spec['storageClassName'] = 'c'))).toEqual([])
  })

  it('a volume is where it was', () => {
    const draft = { spec: { ...volumeSpec, csi } }
    expect(change(volume, draft, ({ spec }) => (spec['csi'] = { ...csi, volumeHandle: 'i' }))[0]).toMatch(
      /^spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n/,
    )
    expect(change(volume, draft, ({ spec }) => (spec['persistentVolumeReclaimPolicy'] = 'Delete'))).toEqual([])
    const secret = { name: 's', namespace: 'x' }
    expect(change(volume, draft, ({ spec }) => (spec['csi'] = { ...csi, controllerExpandSecretRef: secret }))).toEqual(
      [],
    )
  })

  it('of a node, few fields', () => {
    const draft = { spec: {} }
    expect(
      change(node, draft, ({ spec }) => Object.assign(spec, { unschedulable: true, podCIDR: '10.0.0.0/24' })),
    ).toEqual([])
    expect(change(node, draft, ({ spec }) => (spec['externalID'] = 'e'))).toEqual([
      ': Forbidden: node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)',
    ])
  })

  it('a revision is never changed', () => {
    const draft = { data: { a: 1 }, revision: 1 }
    expect(change(controllerRevision, draft, (obj) => (obj.data = { a: 2 }))).toEqual([
      'data: Invalid value: {"a":2}: field is immutable',
    ])
  })
})

it('a service account keeps names of Secrets alone', () => {
  const { secrets } = stored(serviceAccount, { secrets: [{ name: 's', uid: 'u', kind: 'Secret' }] }) as unknown as {
    secrets: unknown
  }
  expect(secrets).toEqual([{ name: 's' }])
})

describe('warnings', () => {
  it('of volumes and claims', () => {
    const annotations = { 'volume.beta.kubernetes.io/storage-class': 'c' }
    const old = 'deprecated since v1.8; use "storageClassName" attribute instead'
    expect(createWarnings(claim, { metadata: { annotations }, spec: claimSpec })).toEqual([
      `metadata.annotations[volume.beta.kubernetes.io/storage-class]: ${old}`,
    ])
    const recycled = { ...volumeSpec, csi, persistentVolumeReclaimPolicy: 'Recycle' }
    expect(createWarnings(volume, { spec: recycled })).toEqual([
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    ])
  })
})

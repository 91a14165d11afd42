import { describe, expect, it } from 'vitest'
import type { Kind } from '../kind.ts'
import { createProblems, updateProblems, type Draft } from '../test-cases.ts'
import { csiDriver } from './csidrivers/kind.ts'
import { csiNode } from './csinodes/kind.ts'
import { csiStorageCapacity } from './csistoragecapacities/kind.ts'
import { storageClass } from './storageclasses/kind.ts'
import { volumeAttachment } from './volumeattachments/kind.ts'
import { volumeAttributesClass } from './volumeattributesclasses/kind.ts'

// pkg/apis/storage/validation/validation_test.go
const attachment = { attacher: 'csi.example', nodeName: 'n', source: { persistentVolumeName: 'pv' } }
const inline = { csi: { driver: 'd.example', volumeHandle: 'h' }, accessModes: ['ReadWriteOnce'] }
const cases: [string, Kind, Draft, string[]][] = [
  ['class', storageClass, { provisioner: 'kubernetes.io/foo', parameters: { a: 'b' } }, []],
  ['class without provisioner', storageClass, {}, ['provisioner: Required value']],
  [
    'class with another policy',
    storageClass,
    { provisioner: 'p', reclaimPolicy: 'Recycle', volumeBindingMode: 'Never' },
    [
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
      'volumeBindingMode: Unsupported value: "Never": supported values: "Immediate", "WaitForFirstConsumer"',
    ],
  ],
  [
    'class with the same places twice',
    storageClass,
    {
      provisioner: 'p',
      allowedTopologies: [
        { matchLabelExpressions: [{ key: 'zone', values: ['a', 'b'] }] },
        { matchLabelExpressions: [{ key: 'zone', values: ['b', 'a'] }] },
        { matchLabelExpressions: [{ key: 'zone', values: [] }] },
      ],
    },
    [
      'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
      'allowedTopologies[2].matchLabelExpressions[0].values: Required value',
    ],
  ],
  [
    'class with an empty key',
    storageClass,
    { provisioner: 'p', parameters: { '': 'b' } },
    ['parameters: Invalid value: "": field can not be empty.'],
  ],
  ['attributes', volumeAttributesClass, { driverName: 'd', parameters: { a: 'b' } }, []],
  [
    'no attributes',
    volumeAttributesClass,
    { driverName: 'd' },
    ['parameters: Required value: must contain at least one key/value pair'],
  ],
  ['driver', csiDriver, { spec: {} }, []],
  [
    'driver with wrong words',
    csiDriver,
    { spec: { fsGroupPolicy: 'Other', volumeLifecycleModes: ['Sometimes'], nodeAllocatableUpdatePeriodSeconds: 9 } },
    [
      'spec.fsGroupPolicy: Unsupported value: "Other": supported values: "File", "None", "ReadWriteOnceWithFSType"',
      'spec.volumeLifecycleModes: Unsupported value: "Sometimes": supported values: "Persistent", "Ephemeral"',
      'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
    ],
  ],
  [
    'driver with tokens',
    csiDriver,
    { spec: { tokenRequests: [{ audience: 'a', expirationSeconds: 1 }, { audience: 'a' }] } },
    [
      'spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
      'spec.tokenRequests[1].audience: Duplicate value: "a"',
    ],
  ],
  ['node', csiNode, { spec: { drivers: [{ name: 'd.example', nodeID: 'n', topologyKeys: ['zone'] }] } }, []],
  [
    'node with a driver twice',
    csiNode,
    {
      spec: {
        drivers: [
          { name: 'd', nodeID: 'n', topologyKeys: null },
          { name: 'd', nodeID: '', topologyKeys: ['a', 'a'], allocatable: { count: -1 } },
        ],
      },
    },
    [
      'spec.drivers[1].nodeID: Required value',
      'spec.drivers[1].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
      'spec.drivers[1].name: Duplicate value: "d"',
      'spec.drivers[1]: Duplicate value: "a"',
    ],
  ],
  ['capacity', csiStorageCapacity, { storageClassName: 'c', capacity: '1Gi' }, []],
  [
    'capacity below nothing',
    csiStorageCapacity,
    { storageClassName: 'c', capacity: '-1' },
    ['capacity: Invalid value: "-1": must be greater than or equal to 0'],
  ],
  ['attachment', volumeAttachment, { spec: attachment }, []],
  [
    'attachment of an inline volume',
    volumeAttachment,
    { spec: { ...attachment, source: { inlineVolumeSpec: inline } } },
    [],
  ],
  [
    'attachment of an inline volume with a capacity',
    volumeAttachment,
    { spec: { ...attachment, source: { inlineVolumeSpec: { ...inline, capacity: { storage: '1' } } } } },
    ['spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes'],
  ],
  [
    'attachment of nothing',
    volumeAttachment,
    { spec: { ...attachment, source: {} } },
    ['spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName'],
  ],
]
it.each(cases)('%s', (_, kind, draft, want) => {
  expect(createProblems(kind, draft)).toEqual(want)
})

type Change = (obj: Draft & { spec: Record<string, unknown> }) => void
describe('updates', () => {
  const table: [string, Kind, Draft, Change, string[]][] = [
    [
      'class',
      storageClass,
      { provisioner: 'p' },
      (obj) => (obj['parameters'] = { a: 'b' }),
      ['parameters: Forbidden: updates to parameters are forbidden.'],
    ],
    [
      'attributes',
      volumeAttributesClass,
      { driverName: 'd', parameters: { a: 'b' } },
      (obj) => (obj['driverName'] = 'e'),
      ['driverName: Forbidden: updates to driverName are forbidden.'],
    ],
    [
      'driver',
      csiDriver,
      { spec: {} },
      (obj) => (obj.spec['attachRequired'] = false),
      ['spec.attachedRequired: Invalid value: false: field is immutable'],
    ],
    [
      'capacity',
      csiStorageCapacity,
      { storageClassName: 'c' },
      (obj) => (obj['storageClassName'] = 'd'),
      ['storageClassName: Invalid value: "d": field is immutable'],
    ],
    [
      'attachment',
      volumeAttachment,
      { spec: attachment },
      (obj) => (obj.spec['nodeName'] = 'm'),
      [
        'spec: Invalid value: {"attacher":"csi.example","nodeName":"m","source":{"persistentVolumeName":"pv"}}: field is immutable',
      ],
    ],
  ]
  it.each(table)('%s', (_, kind, draft, change, want) => {
    expect(updateProblems(kind, draft, change as (obj: Draft) => void)).toEqual(want)
  })
})

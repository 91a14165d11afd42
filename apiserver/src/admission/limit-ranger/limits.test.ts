import type { LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { applyDefaults, claimProblems, podProblems } from './limits.ts'

type Resources = NonNullable<Pod['spec']['containers'][number]['resources']>

const range = (...limits: LimitRangeItem[]): LimitRange => ({
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: {},
  spec: { limits },
})
const pod = (resources: Resources, ...init: (Resources & { sidecar?: boolean })[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: {
    containers: [{ name: 'c', image: 'i', resources }],
    initContainers: init.map(({ sidecar, ...own }, i) => ({
      name: `i${i}`,
      image: 'i',
      resources: own,
      ...(sidecar ? { restartPolicy: 'Always' } : {}),
    })),
  },
})

describe('applyDefaults', () => {
  const defaults = range({
    type: 'Container',
    default: { cpu: '500m', memory: '500Mi' },
    defaultRequest: { cpu: '100m', memory: '200Mi' },
  })

  it('completes every container, and says so', () => {
    const given = pod({ requests: { cpu: '50m' } }, {})
    applyDefaults(given, defaults)
    const limits = { cpu: '500m', memory: '500Mi' }
    expect(given.spec.containers[0]?.resources).toEqual({ requests: { cpu: '50m', memory: '200Mi' }, limits })
    expect(given.spec.initContainers?.[0]?.resources).toEqual({ requests: { cpu: '100m', memory: '200Mi' }, limits })
    expect(given.metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: memory request for container c; cpu, memory limit for container c; ' +
        'cpu, memory request for init container i0; cpu, memory limit for init container i0',
    })
  })

  it('leaves alone what is complete', () => {
    const given = pod({ requests: { cpu: '1', memory: '1' }, limits: { cpu: '1', memory: '1' } })
    const before = structuredClone(given)
    applyDefaults(given, defaults)
    expect(given).toEqual(before)
  })
})

describe('podProblems', () => {
  const container: LimitRangeItem = {
    type: 'Container',
    min: { cpu: '100m' },
    max: { cpu: '2' },
    maxLimitRequestRatio: { cpu: '4' },
  }

  it.each<[string, Resources, string[]]>([
    ['within', { requests: { cpu: '1' }, limits: { cpu: '2' } }, []],
    [
      'nothing said',
      {},
      [
        'minimum cpu usage per Container is 100m.  No request is specified',
        'maximum cpu usage per Container is 2.  No limit is specified',
        'cpu max limit to request ratio per Container is 4, but no request is specified or request is 0',
      ],
    ],
    [
      'too little',
      { requests: { cpu: '50m' }, limits: { cpu: '100m' } },
      ['minimum cpu usage per Container is 100m, but request is 50m'],
    ],
    [
      'too much',
      { requests: { cpu: '3' }, limits: { cpu: '2500m' } },
      ['maximum cpu usage per Container is 2, but limit is 2500m'],
    ],
    [
      'too far apart',
      { requests: { cpu: '300m' }, limits: { cpu: '2' } },
      ['cpu max limit to request ratio per Container is 4, but provided ratio is 6.666667'],
    ],
  ])('%s', (_, resources, problems) => {
    expect(podProblems(pod(resources), range(container))).toEqual(problems)
  })

  it.each<[string, Pod, string | undefined]>([
    ['the sum', pod({ limits: { memory: '1Gi' } }), undefined],
    ['an init container that takes more', pod({ limits: { memory: '1Gi' } }, { limits: { memory: '3Gi' } }), '3Gi'],
    ['one that takes less', pod({ limits: { memory: '1Gi' } }, { limits: { memory: '2Gi' } }), undefined],
    [
      'a sidecar beside the containers',
      pod({ limits: { memory: '1Gi' } }, { sidecar: true, limits: { memory: '1536Mi' } }),
      '2560Mi',
    ],
  ])('of a whole Pod: %s', (_, given, limit) => {
    const problems = podProblems(given, range({ type: 'Pod', max: { memory: '2Gi' } }))
    expect(problems).toEqual(limit === undefined ? [] : [`maximum memory usage per Pod is 2Gi, but limit is ${limit}`])
  })
})

it.each<[string, string[]]>([
  ['5Gi', []],
  ['500Mi', ['minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi']],
  ['20Gi', ['maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 20Gi']],
])('a claim of %s', (storage, problems) => {
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {},
    spec: { resources: { requests: { storage } } },
  }
  const limits = range({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '10Gi' } })
  expect(claimProblems(claim, limits)).toEqual(problems)
})

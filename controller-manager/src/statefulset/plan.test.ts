import { describe, expect, it } from 'vitest'
import type { StatefulSet, StatefulSetSpec } from '@kubets/shared/api/types/apps-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { plan, planLast, planStatus, type Version } from './plan.ts'

const now = Date.parse('2026-01-01T01:00:00Z')

const set = (replicas: number, spec: Partial<StatefulSetSpec> = {}): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db', namespace: 'default', uid: 'set', generation: 1 },
  spec: {
    replicas,
    serviceName: 'db',
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    selector: { matchLabels: { app: 'db' } },
    template: { metadata: { labels: { app: 'db' } }, spec: { containers: [] } },
    ...spec,
  },
})
const parallel = { podManagementPolicy: 'Parallel' }
const rolling = (rollingUpdate: object): Partial<StatefulSetSpec> => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate },
})

/**
 * Pods in a line: "0 1! 2~" are number 0 that is well, 1 that is not ready and 2 that goes. "x" after a number: failed,
 * "s": succeeded, "o": of the old revision.
 */
const podsOf = (line: string): Pod[] =>
  line
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [, ordinal = '', marks = ''] = /^(\d+)(.*)$/.exec(word) ?? []
      const phase = marks.includes('x') ? 'Failed' : marks.includes('s') ? 'Succeeded' : 'Running'
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: `db-${ordinal}`,
          namespace: 'default',
          uid: `uid-${ordinal}`,
          labels: {
            app: 'db',
            'controller-revision-hash': marks.includes('o') ? 'db-old' : 'db-new',
            'statefulset.kubernetes.io/pod-name': `db-${ordinal}`,
            'apps.kubernetes.io/pod-index': ordinal,
          },
          ...(marks.includes('~') ? { deletionTimestamp: '2026-01-01T00:59:00Z' } : {}),
        },
        spec: { containers: [] },
        status: {
          phase,
          conditions: [
            {
              type: 'Ready',
              status: marks.includes('!') || phase !== 'Running' ? 'False' : 'True',
              lastTransitionTime: '2026-01-01T00:59:50Z',
            },
          ],
        },
      }
    })

const version = (name: string): Version => ({
  name,
  template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'c', image: name }] } },
})

const seenOf = (of: StatefulSet, line: string, stale: string[] = []) => ({
  set: of,
  pods: podsOf(line),
  current: version('db-old'),
  update: version('db-new'),
  isStale: (pod: Pod) => stale.includes(pod.metadata.name ?? ''),
})

/** The actions as words: "+1" creates number 1 ("+1o": of the old revision), "-1" deletes it. */
const actionsOf = (of: StatefulSet, line: string, stale?: string[]): string =>
  plan(seenOf(of, line, stale), now)
    .actions.map(({ kind, pod }) => {
      const ordinal = /\d+$/.exec(pod.metadata.name ?? '')?.[0] ?? ''
      if (kind === 'delete') return `-${ordinal}`
      const isOld = pod.metadata.labels?.['controller-revision-hash'] === 'db-old'
      return `${kind === 'create' ? '+' : '='}${ordinal}${isOld ? 'o' : ''}`
    })
    .join(' ')

describe('a StatefulSet in order', () => {
  it.each<[string, number, string, string, Partial<StatefulSetSpec>?]>([
    ['begins with the first', 3, '', '+0'],
    ['waits for it to be ready', 3, '0!', ''],
    ['goes on when it is', 3, '0', '+1'],
    ['waits while a Pod goes', 3, '0 1~', ''],
    ['fills a gap first', 3, '0 2', '+1'],
    ['replaces what failed', 3, '0 1x 2', '-1'],
    ['replaces what succeeded', 3, '0 1s 2', '-1'],
    ['waits until what failed is gone', 3, '0 1x~ 2', ''],
    ['counts from its start', 2, '', '+5', { ordinals: { start: 5 } }],
    ['leaves what is before its start', 2, '4 5 6', '-4', { ordinals: { start: 5 } }],
    ['does nothing when all is well', 3, '0 1 2', ''],
    ['scales down from the top', 1, '0 1 2', '-2'],
    ['waits while the top one goes', 1, '0 1 2~', ''],
    ['does not scale down while a Pod that stays is not well', 1, '0! 1 2', ''],
    ['does not scale down past a Pod that is not well', 1, '0 1! 2', '-2'],
    ['deletes the one Pod that is not well', 1, '0 1 2!', '-2'],
    ['but not when another is not well either', 1, '0 1! 2!', ''],
    ['goes to nothing', 0, '0', '-0'],
    ['waits for ready Pods to be available', 2, '0', '', { minReadySeconds: 15 }],
  ])('%s', (_, replicas, pods, wanted, spec) => {
    expect(actionsOf(set(replicas, spec), pods)).toBe(wanted)
  })

  it('waits for claims that go with the Pod before', () => {
    expect([actionsOf(set(1), '', ['db-0']), actionsOf(set(2), '0', ['db-0'])]).toEqual(['', '+1'])
  })

  it('does nothing any more when it is deleted', () => {
    const going = set(2)
    going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    expect(actionsOf(going, '0')).toBe('')
  })
})

describe('a StatefulSet in parallel', () => {
  it.each<[string, number, string, string]>([
    ['creates all at once', 3, '', '+0 +1 +2'],
    ['waits for none', 3, '0! 2~', '+1'],
    ['replaces what failed and creates what is missing', 3, '0x', '-0 +1 +2'],
    ['deletes all that are too many', 1, '0 1! 2 3~', '-2 -1'],
  ])('%s', (_, replicas, pods, wanted) => {
    expect(actionsOf(set(replicas, parallel), pods)).toBe(wanted)
  })
})

describe('a rolling update', () => {
  it.each<[string, string, string, Partial<StatefulSetSpec>?]>([
    ['begins at the top', '0o 1o 2o', '-2'],
    ['makes the new Pod of the new revision', '0o 1o', '+2'],
    ['waits for it', '0o 1o 2!', ''],
    ['goes on downwards', '0o 1o 2', '-1'],
    ['ends', '0 1 2', ''],
    ['stops at the partition', '0o 1o 2', '', rolling({ partition: 2 })],
    ['makes what is below the partition of the old revision', '1o 2', '+0o', rolling({ partition: 2 })],
    ['leaves it to deletion by hand', '0o 1o 2o', '', { updateStrategy: { type: 'OnDelete' } }],
    ['takes the new revision then', '0o 1o', '+2', { updateStrategy: { type: 'OnDelete' } }],
    ['in parallel takes down no more than one', '0o 1o 2o', '-2', parallel],
    ['in parallel waits for a new Pod', '0o 1o 2!', '', parallel],
    ['in parallel replaces an old Pod that is not well', '0o 1o 2o!', '-2', parallel],
    ['takes down as many as it may', '0o 1o 2o', '-2 -1', { ...parallel, ...rolling({ maxUnavailable: 2 }) }],
    ['takes down at least one', '0o 1o 2o', '-2', { ...parallel, ...rolling({ maxUnavailable: '10%' }) }],
    ['in parallel takes down from the top, whoever is not well further down', '0o! 1o 2o', '-2', parallel],
    ['counts who is down already', '0o 1o 2!', '-1', { ...parallel, ...rolling({ maxUnavailable: 2 }) }],
  ])('%s', (_, pods, wanted, spec) => {
    expect(actionsOf(set(3, spec), pods)).toBe(wanted)
  })
})

// TestStatefulSetControlRollingUpdateWithMaxUnavailableAndUnavailableStalePod, with what is deleted instead of what is left
describe('a rolling update in parallel that may take down so many', () => {
  it.each<[string, string, number, string, number?]>([
    ['replaces the only one, which serves nobody', '0o!', 1, '-0'],
    ['replaces the highest, which serves nobody', '0o 1o 2o!', 1, '-2'],
    ['replaces both that serve nobody', '0o 1o 2o 3o! 4o!', 2, '-4 -3'],
    ['waits for one that goes', '0o 1o 2o~', 1, ''],
    ['takes one more than those that go or serve nobody', '0o 1o 2o 3o! 4o~', 3, '-3 -2'],
    ['takes one more than those that go or serve nobody, the other way round', '0o 1o 2o 3o~ 4o!', 3, '-4 -2'],
    ['replaces one above the partition that serves nobody', '0o 1o 2o 3o 4o!', 1, '-4', 2],
    ['replaces one at the partition that serves nobody, before higher ones', '0o 1o 2o! 3o 4o', 1, '-2', 2],
    ['counts one below the partition that serves nobody', '0o 1o! 2o 3o 4o', 1, '', 2],
    ['replaces all above the partition that serve nobody', '0o 1o 2o 3o! 4o!', 2, '-4 -3', 3],
    ['replaces what serves nobody though others below the partition do not either', '0o 1o! 2o 3o 4o!', 2, '-4', 3],
    ['replaces lower ones that serve nobody before higher ones', '0o! 1o! 2o 3o', 2, '-1 -0'],
    ['replaces lower ones that serve nobody, then as many from the top', '0o! 1o! 2o 3o 4o', 3, '-1 -0 -4'],
    ['waits for new ones', '0o 1o 2o 3! 4!', 2, ''],
  ])('%s', (_, pods, maxUnavailable, wanted, partition = 0) => {
    const of = set(pods.split(' ').length, { ...parallel, ...rolling({ maxUnavailable, partition }) })
    expect(actionsOf(of, pods)).toBe(wanted)
  })

  it('replaces one that is not available for long enough yet', () => {
    const of = set(1, { ...parallel, ...rolling({ maxUnavailable: 1 }), minReadySeconds: 30 })
    expect(actionsOf(of, '0o')).toBe('-0')
  })
})

describe('a Pod of a StatefulSet', () => {
  it('has its name, its place and its claims', () => {
    const of = set(1, {
      volumeClaimTemplates: [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: {} }],
    })
    const seen = seenOf(of, '')
    const update = {
      name: 'db-new',
      template: {
        metadata: { labels: { app: 'db' } },
        spec: {
          containers: [],
          volumes: [
            { name: 'data', emptyDir: {} },
            { name: 'other', emptyDir: {} },
          ],
        },
      },
    }
    expect(plan({ ...seen, update }, now).actions[0]?.pod).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'db-0',
        namespace: 'default',
        labels: {
          app: 'db',
          'statefulset.kubernetes.io/pod-name': 'db-0',
          'apps.kubernetes.io/pod-index': '0',
          'controller-revision-hash': 'db-new',
        },
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'StatefulSet',
            name: 'db',
            uid: 'set',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        containers: [],
        hostname: 'db-0',
        subdomain: 'db',
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } },
          { name: 'other', emptyDir: {} },
        ],
      },
    })
  })

  it.each([
    ['OrderedReady', '0', 1],
    ['OrderedReady', '0!', 0],
    ['Parallel', '0!', 1],
  ])('gets back the labels that somebody took: %s, %s', (podManagementPolicy, line, count) => {
    const seen = seenOf(set(1, { podManagementPolicy }), line)
    delete seen.pods[0]?.metadata.labels?.['apps.kubernetes.io/pod-index']
    const pod = { metadata: { labels: { 'apps.kubernetes.io/pod-index': '0' } } }
    expect(plan(seen, now).actions).toMatchObject(Array.from({ length: count }, () => ({ kind: 'label', pod })))
  })
})

describe('the status', () => {
  it('is kept while the set is deleted and Pods are left', () => {
    const seen = seenOf(set(3), '0o 1!')
    const going = (status: StatefulSet['status']): StatefulSet => ({
      ...seen.set,
      metadata: { ...seen.set.metadata, generation: 2, deletionTimestamp: '2026-01-01T00:00:00Z' },
      ...(status ? { status } : {}),
    })
    const known = { replicas: 3, availableReplicas: 3, currentRevision: 'db-old', updateRevision: 'db-new' }
    expect(planLast(going(known), seen.pods, now)).toEqual({
      observedGeneration: 2,
      replicas: 2,
      readyReplicas: 1,
      availableReplicas: 1,
      currentReplicas: 1,
      updatedReplicas: 1,
      currentRevision: 'db-old',
      updateRevision: 'db-new',
      collisionCount: 0,
    })
    expect(planLast(going(undefined), seen.pods, now)).toBeUndefined()
  })
  it('counts by revision while an update is under way', () => {
    expect(planStatus(seenOf(set(3), '0o 1! 2'), 0, now)).toEqual({
      status: {
        observedGeneration: 1,
        replicas: 3,
        readyReplicas: 2,
        availableReplicas: 2,
        currentReplicas: 1,
        updatedReplicas: 2,
        currentRevision: 'db-old',
        updateRevision: 'db-new',
        collisionCount: 0,
      },
      checkAfter: undefined,
    })
  })
  it('takes the new revision for the current one when all Pods are of it', () => {
    expect(planStatus(seenOf(set(2), '0 1'), 0, now).status).toMatchObject({
      currentReplicas: 2,
      currentRevision: 'db-new',
    })
  })
  it('tells when a ready Pod will be available', () => {
    const { status, checkAfter } = planStatus(seenOf(set(1, { minReadySeconds: 15 }), '0'), 0, now)
    expect([status.availableReplicas, status.readyReplicas, checkAfter]).toEqual([0, 1, 5000])
  })
})

import { describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isMirror, isMirrorOf, isStatic, mirrorOf, mirrorStep } from './mirror.ts'
import { StaticPods } from './static-pods.ts'

const make = (name: string, uid: string, image = 'a'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'default',
    uid,
    annotations: { 'kubernetes.io/config.hash': uid, 'kubernetes.io/config.source': 'file' },
  },
  spec: { containers: [{ name: 'main', image }] },
  status: { phase: 'Pending' },
})
const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', uid: 'n1' }, spec: {} }
const web = make('web-n', 'u1')
const shown = (pod: Pod, more: object = {}): Pod => {
  const mirror = mirrorOf(pod, node)
  return { ...mirror, metadata: { ...mirror.metadata, uid: `mirror-${pod.metadata.uid ?? ''}`, ...more } }
}

describe('a mirror', () => {
  it('is the Pod under the name of its node, without what the API server gives', () => {
    const mirror = mirrorOf({ ...web, metadata: { ...web.metadata, labels: { app: 'web' }, uid: 'u1' } }, node)
    expect(mirror.metadata).toEqual({
      name: 'web-n',
      namespace: 'default',
      labels: { app: 'web' },
      annotations: {
        'kubernetes.io/config.hash': 'u1',
        'kubernetes.io/config.source': 'file',
        'kubernetes.io/config.mirror': 'u1',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'n1', controller: true }],
    })
    expect(mirror.spec).toEqual(web.spec)
    expect([isMirror(mirror), isStatic(mirror), isMirrorOf(mirror, web)]).toEqual([true, false, true])
    expect([isMirror(web), isStatic(web)]).toEqual([false, true])
    expect(isStatic({ ...web, metadata: { name: 'a' } })).toBe(false)
  })

  it.each([
    ['is created for a new Pod', web, undefined, false, 'create'],
    ['stays as long as it is right', web, shown(web), false, undefined],
    ['goes when somebody deletes it', web, shown(web, { deletionTimestamp: '2026-01-01T00:00:00Z' }), false, 'delete'],
    ['goes when the Pod is another', make('web-n', 'u2'), shown(web), false, 'delete'],
    ['stays until the Pod that it shows has ended', make('web-n', 'u2'), shown(web), true, undefined],
    ['goes when the Pod is gone', undefined, shown(web), false, 'delete'],
    ['stays while the Pod that is gone ends', undefined, shown(web), true, undefined],
    ['is no more', undefined, undefined, false, undefined],
  ] as const)('%s', (_, pod, mirror, ending, step) => {
    expect(mirrorStep({ pod, mirror, ending })).toBe(step)
  })
})

describe('static Pods', () => {
  const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.uid)

  it('come, change and go with their sources', () => {
    const pods = new StaticPods()
    const first = pods.set('file', [web, make('b-n', 'u2')], 't1')
    expect([names(first.added), first.changed, first.removed]).toEqual([['u1', 'u2'], [], []])
    const other = pods.set('http', [make('c-n', 'u3')], 't2')
    expect([names(other.added), other.removed]).toEqual([['u3'], []])
    expect(pods.set('file', [web, make('b-n', 'u2')], 't3')).toEqual({
      added: [],
      changed: [],
      removed: [],
      ignored: [],
    })
    expect(pods.byName('default/web-n')?.metadata.annotations?.['kubernetes.io/config.seen']).toBe('t1')
    const third = pods.set('file', [make('web-n', 'u1', 'other'), make('b-n', 'u4')], 't4')
    expect([names(third.changed), names(third.added), names(third.removed)]).toEqual([['u1'], ['u4'], ['u2']])
    expect(names(pods.set('file', [], 't5').removed)).toEqual(['u1', 'u4'])
    expect(names(pods.list())).toEqual(['u3'])
  })

  it('are one for each name: the first, until it is gone', () => {
    const pods = new StaticPods()
    const { added, ignored } = pods.set('file', [web, make('web-n', 'u2')], 't1')
    expect([names(added), names(ignored)]).toEqual([['u1'], ['u2']])
    expect(names(pods.set('http', [make('web-n', 'u3')], 't1').ignored)).toEqual(['u2', 'u3'])
    const { added: then, removed } = pods.set('file', [], 't2')
    expect([names(then), names(removed)]).toEqual([['u3'], ['u1']])
  })

  it('have the status of their mirror, not of one that shows what was', () => {
    const pods = new StaticPods()
    pods.set('file', [web], 't1')
    pods.takeMirror({ ...shown(web), status: { phase: 'Running' } })
    expect(pods.byName('default/web-n')?.status).toEqual({ phase: 'Running' })
    pods.loseMirror(shown(web, { uid: 'another' }))
    expect(pods.mirrorOf(web)?.metadata.uid).toBe('mirror-u1')
    pods.set('file', [make('web-n', 'u2')], 't2')
    expect(pods.byName('default/web-n')?.status).toEqual({ phase: 'Pending' })
    pods.loseMirror(shown(web))
    expect([...pods.names()]).toEqual(['default/web-n'])
  })
})

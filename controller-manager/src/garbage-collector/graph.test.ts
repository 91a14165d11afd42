import { describe, expect, it } from 'vitest'
import type { ObjectMeta } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { blockingDependents, OwnerGraph } from './graph.ts'
import type { Work } from './graph.ts'

const ref: ResourceRef = { group: '', version: 'v1', plural: 'as', kind: 'A', namespaced: true }
const object = (uid: string, owners: string[] = [], rest: ObjectMeta = {}, block = true): KubeObject => ({
  apiVersion: 'v1',
  kind: 'A',
  metadata: {
    name: uid,
    uid,
    namespace: 'n',
    ownerReferences: owners.map((owner) => ({
      apiVersion: 'v1',
      kind: 'A',
      name: owner,
      uid: owner,
      blockOwnerDeletion: block,
    })),
    ...rest,
  },
})
const going = { deletionTimestamp: '2026-01-01T00:00:00Z' }
const foreground = { ...going, finalizers: ['foregroundDeletion'] }
const asks = ({ check, orphan }: Work): [string[], string[]] => [[...check].sort(), [...orphan].sort()]

describe('OwnerGraph', () => {
  it('asks after an owner it does not know, for each that names it', () => {
    const graph = new OwnerGraph()
    expect(asks(graph.put(object('pod', ['set']), ref))).toEqual([['set'], []])
    expect(asks(graph.put(object('pod', ['set']), ref))).toEqual([[], []])
    expect(asks(graph.put(object('other', ['set']), ref))).toEqual([['set'], []])
    expect(graph.get('set')).toMatchObject({ ref: undefined, name: 'set', namespace: 'n' })
    expect(asks(graph.put(object('set'), ref))).toEqual([[], []])
    expect(graph.get('set')?.dependents.size).toBe(2)
  })

  it('asks after the dependants of what is gone', () => {
    const graph = new OwnerGraph()
    graph.put(object('set'), ref)
    graph.put(object('a', ['set']), ref)
    graph.put(object('b', ['set']), ref)
    expect(asks(graph.remove('set'))).toEqual([['a', 'b'], []])
    // a live read said so: those that still name it are looked at
    expect(asks(graph.remove('set'))).toEqual([['a', 'b'], []])
  })

  it('asks after an owner that is gone when a dependant comes after it, while others still name it', () => {
    const graph = new OwnerGraph()
    graph.put(object('set'), ref)
    graph.put(object('a', ['set']), ref)
    graph.remove('set')
    expect(asks(graph.put(object('late', ['set']), ref))).toEqual([['set'], []])
  })

  it('forgets an unseen owner with its last dependant', () => {
    const graph = new OwnerGraph()
    graph.put(object('a', ['ghost']), ref)
    graph.remove('a')
    expect(graph.size).toBe(0)
  })

  it('knows the dependants of what is seen again, as when another version of its kind is preferred', () => {
    const graph = new OwnerGraph()
    graph.put(object('set'), ref)
    graph.put(object('a', ['set']), ref)
    expect(asks(graph.remove('set'))).toEqual([['a'], []])
    expect(graph.get('set')?.ref).toBeUndefined()
    graph.put(object('set'), ref)
    expect(graph.get('set')?.dependents.size).toBe(1)
  })

  describe('an owner in another namespace', () => {
    const misplaced = ({ misplaced: found }: Work) => found.map(({ node, reference }) => [node.uid, reference.uid])

    it('is told when the dependant comes', () => {
      const graph = new OwnerGraph()
      graph.put(object('set'), ref)
      const work = graph.put(object('stray', ['set'], { namespace: 'm' }), ref)
      expect(misplaced(work)).toEqual([['stray', 'set']])
      expect(asks(work)).toEqual([['stray'], []])
    })

    it('is told when the owner comes, and those of its own namespace are left alone', () => {
      const graph = new OwnerGraph()
      graph.put(object('stray', ['set'], { namespace: 'm' }), ref)
      expect(asks(graph.put(object('child', ['set']), ref))).toEqual([['child', 'set'], []])
      graph.remove('set')
      const work = graph.put(object('set'), ref)
      expect(misplaced(work)).toEqual([['stray', 'set']])
      expect(asks(work)).toEqual([['stray'], []])
      expect(graph.get('set')?.dependents.size).toBe(2)
    })

    it('may be one of no namespace', () => {
      const graph = new OwnerGraph()
      graph.put(object('set', [], { namespace: undefined } as never), { ...ref, namespaced: false })
      const work = graph.put(object('child', ['set']), ref)
      expect(misplaced(work)).toEqual([])
      expect(asks(work)).toEqual([[], []])
    })
  })

  it('looks again at who names its owner by another name', () => {
    const graph = new OwnerGraph()
    graph.put(object('set', [], { name: 'renamed' }), ref)
    expect(asks(graph.put(object('a', ['set']), ref))).toEqual([['a'], []])
  })

  it('starts a foreground deletion once and follows it', () => {
    const graph = new OwnerGraph()
    graph.put(object('set'), ref)
    graph.put(object('a', ['set']), ref)
    graph.put(object('b', ['set']), ref)
    expect(asks(graph.put(object('set', [], foreground), ref))).toEqual([['a', 'b', 'set'], []])
    expect(asks(graph.put(object('set', [], foreground), ref))).toEqual([[], []])
    expect(asks(graph.remove('a'))).toEqual([['set'], []])
    expect(asks(graph.put(object('b', ['set'], {}, false), ref))).toEqual([['set'], []])
    const set = graph.get('set')
    expect(set && blockingDependents(set)).toEqual([])
  })

  it('notices who comes while its owner goes', () => {
    const graph = new OwnerGraph()
    graph.put(object('set', [], foreground), ref)
    expect(asks(graph.put(object('late', ['set']), ref))).toEqual([['late'], []])
  })

  it('starts to orphan once', () => {
    const graph = new OwnerGraph()
    const orphaning = { ...going, finalizers: ['orphan'] }
    graph.put(object('set'), ref)
    expect(asks(graph.put(object('set', [], orphaning), ref))).toEqual([[], ['set']])
    expect(asks(graph.put(object('set', [], orphaning), ref))).toEqual([[], []])
  })
})

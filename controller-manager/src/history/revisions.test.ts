import { describe, expect, it } from 'vitest'
import type { ControllerRevision } from '@kubets/shared/api/types/apps-v1.ts'
import { equalTo, inOrder, planRevision, surplus, templatePatch } from './revisions.ts'

const revision = (
  name: string,
  number: number,
  data: string,
  created = '2026-01-01T00:00:00Z',
): ControllerRevision => ({
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  metadata: { name, creationTimestamp: created },
  data: { template: data },
  revision: number,
})
const names = (revisions: readonly ControllerRevision[]): string[] => revisions.map((one) => one.metadata.name ?? '')

describe('revisions', () => {
  it('are ordered by number, age and name', () => {
    const all = [
      revision('d', 2, 'd'),
      revision('c', 1, 'c', '2026-01-01T00:00:01Z'),
      revision('b', 1, 'b'),
      revision('a', 1, 'a'),
    ]
    expect(names(inOrder(all))).toEqual(['a', 'b', 'c', 'd'])
  })

  it('keep a template as a patch that replaces the one there is', () => {
    expect(templatePatch({ spec: { containers: [] } })).toEqual({
      spec: { template: { spec: { containers: [] }, $patch: 'replace' } },
    })
  })

  const first = revision('first', 1, 'one')
  const second = revision('second', 2, 'two')
  it.each([
    ['begin with 1', [], 'one', { kind: 'create', number: 1 }],
    ['go on with a new template', [first, second], 'three', { kind: 'create', number: 3 }],
    ['stay while the newest holds the template', [first, second], 'two', { kind: 'keep', revision: second }],
    ['count an old template as new again', [first, second], 'one', { kind: 'renumber', revision: first, number: 3 }],
  ])('%s', (_, revisions, data, plan) => {
    expect(planRevision(revisions, { template: data })).toEqual(plan)
  })

  it('that are equal are found in their order', () => {
    const all = [revision('a', 1, 'one'), revision('b', 2, 'two'), revision('c', 3, 'one')]
    expect(names(equalTo(all, { template: 'one' }))).toEqual(['a', 'c'])
  })

  it.each<[string, number, string[], 'all' | 'dead', string[]]>([
    ['none within the limit', 3, [], 'all', []],
    ['the oldest over it', 1, [], 'all', ['a', 'b']],
    ['none that are live, though all count', 1, ['a'], 'all', ['b', 'c']],
    ['the oldest of those that are not live, if only they count', 1, ['a'], 'dead', ['b']],
    ['everything', 0, [], 'dead', ['a', 'b', 'c']],
  ])('that go: %s', (_, limit, live, kept, gone) => {
    const old = [revision('a', 1, 'a'), revision('b', 2, 'b'), revision('c', 3, 'c')]
    expect(names(surplus(old, ({ metadata }) => live.includes(metadata.name ?? ''), limit, kept))).toEqual(gone)
  })
})

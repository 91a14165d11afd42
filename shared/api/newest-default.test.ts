import { describe, expect, it } from 'vitest'
import { newestDefault } from './newest-default.ts'

describe('newestDefault', () => {
  const of = (name: string, creationTimestamp: string, value = 'true') => ({
    apiVersion: 'v1',
    kind: 'C',
    metadata: { name, creationTimestamp, annotations: { default: value } },
  })
  const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z']

  it.each([
    [[of('a', early), of('b', late)], 'b'],
    [[of('b', late), of('a', late)], 'a'],
    [[of('a', early), of('b', late, 'false')], 'a'],
    [[of('a', early, 'yes')], undefined],
  ])('of %j', (classes, name) => {
    expect(newestDefault(classes, 'other', 'default')?.metadata.name).toBe(name)
  })
})

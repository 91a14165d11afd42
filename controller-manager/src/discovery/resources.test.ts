import { describe, expect, it } from 'vitest'
import { groupsOf, preferred, resourcesOf } from './resources.ts'

describe('discovery', () => {
  it('puts the preferred version first', () => {
    const list = {
      groups: [
        { name: 'g', versions: [{ version: 'v1beta1' }, { version: 'v1' }], preferredVersion: { version: 'v1' } },
      ],
    }
    expect(groupsOf(list)).toEqual([{ name: 'g', versions: ['v1', 'v1beta1'] }])
  })

  it('takes each resource once, without subresources', () => {
    const list = {
      resources: [
        { name: 'as', kind: 'A', namespaced: true, verbs: ['list'] },
        { name: 'as/status', kind: 'A' },
      ],
    }
    const all = [...resourcesOf('g', 'v1', list), ...resourcesOf('g', 'v1beta1', list)]
    expect(preferred(all)).toEqual([
      { ref: { group: 'g', version: 'v1', plural: 'as', kind: 'A', namespaced: true }, verbs: ['list'] },
    ])
  })
})

import { defineKind } from '@kubets/shared/api/kinds/define.ts'
import { kinds as table } from '@kubets/shared/api/kinds/index.ts'
import { describe, expect, it } from 'vitest'
import { ServedKinds } from './served-kinds.ts'

const made = (group: string, version: string, plural: string) =>
  defineKind({ group, version, kind: `Kind${plural}`, plural, namespaced: true })
const never = new AbortController().signal

describe('ServedKinds', () => {
  it('has every kind of the table', () => {
    const served = new ServedKinds()
    for (const kind of table) expect(served.find(kind.group, kind.version, kind.plural)).toBe(kind)
    expect(served.findByGVK('v1', 'Pod')?.plural).toBe('pods')
    expect(served.findByGVK('apps/v1', 'Deployment')?.plural).toBe('deployments')
  })

  it('adds what a source brings, behind the table and with the preferred version first', () => {
    const served = new ServedKinds()
    const before = served.groups.length
    served.replace('a', [made('z.example.com', 'v1beta1', 'tabs'), made('z.example.com', 'v1', 'tabs')])
    served.replace('b', [made('a.example.com', 'v1', 'others')])
    expect(served.groups.slice(before).map(({ name }) => name)).toEqual(['a.example.com', 'z.example.com'])
    expect(served.groups.at(-1)?.versions.map(({ version }) => version)).toEqual(['v1', 'v1beta1'])
    expect(served.findByGVK('z.example.com/v1', 'Kindtabs')?.plural).toBe('tabs')
    served.replace('a', [])
    expect(served.find('z.example.com', 'v1', 'tabs')).toBeUndefined()
    expect(served.find('a.example.com', 'v1', 'others')).toBeDefined()
  })

  it('keeps the arrays of versions that do not change, and counts changes', () => {
    const served = new ServedKinds()
    const [a, b] = [made('a.example.com', 'v1', 'tabs'), made('b.example.com', 'v1', 'tabs')]
    let told = 0
    const stop = served.onChange(() => told++)
    served.replace('a', [a])
    const kinds = served.groups.find(({ name }) => name === 'a.example.com')?.versions[0]?.kinds
    served.replace('a', [a, b])
    expect(served.groups.find(({ name }) => name === 'a.example.com')?.versions[0]?.kinds).toBe(kinds)
    const { generation } = served
    served.replace('a', [a, b])
    expect([served.generation, told]).toEqual([generation, 2])
    stop()
    served.replace('a', [])
    expect(told).toBe(2)
  })

  it('adds nothing to a group and version of the table, but other versions to its groups', () => {
    const served = new ServedKinds()
    served.replace('a', [made('apps', 'v1', 'tabs'), made('apps', 'v9', 'tabs')])
    expect(served.find('apps', 'v1', 'tabs')).toBeUndefined()
    expect(served.find('apps', 'v9', 'tabs')).toBeDefined()
    expect(served.groups.find(({ name }) => name === 'apps')?.versions.map(({ version }) => version)).toEqual([
      'v1',
      'v9',
    ])
  })

  it('looks once more for what it does not know', async () => {
    const served = new ServedKinds()
    const kind = made('a.example.com', 'v1', 'tabs')
    let asked = 0
    served.addCatchUp(async () => {
      asked++
      served.replace('a', [kind])
      return Promise.resolve()
    })
    expect(await served.findFresh('apps', 'v1', 'nothings', never)).toBeUndefined()
    expect(asked).toBe(0)
    expect(await served.findFresh('a.example.com', 'v1', 'tabs', never)).toBe(kind)
    expect(await served.findFresh('a.example.com', 'v1', 'tabs', never)).toBe(kind)
    expect(asked).toBe(1)
  })
})

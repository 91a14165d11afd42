import { kinds } from '@kubets/shared/api/kinds/index.ts'
import type { CustomResourceDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import { describe, expect, it } from 'vitest'
import { builtIn, builtInPriority } from './priorities.ts'
import { customVersions, localServices, planRegistration } from './registration.ts'

const served = (...names: [string, string][]) => names.map(([group, version]) => ({ group, version }))
const namesOf = (list: readonly APIService[]) => list.map(({ metadata }) => metadata.name)
const labelled = (service: APIService, value?: string): APIService => ({
  ...service,
  metadata: {
    ...service.metadata,
    labels: value === undefined ? {} : { 'kube-aggregator.kubernetes.io/automanaged': value },
  },
})

describe('localServices', () => {
  it('knows the priority of every built-in group and version but its own', () => {
    const without = [...builtIn].filter(
      (name) => builtInPriority(...(name.split('/') as [string, string])) === undefined,
    )
    expect(without).toEqual(['apiregistration.k8s.io/v1'])
    expect(kinds.length).toBeGreaterThan(50)
  })

  it('names them and says who looks after them', () => {
    expect(
      localServices(served(['', 'v1'], ['apps', 'v1'], ['example.com', 'v2'], ['apiregistration.k8s.io', 'v1'])),
    ).toEqual([
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v1.', labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
        spec: { version: 'v1', groupPriorityMinimum: 18000, versionPriority: 1 },
      },
      expect.objectContaining({
        spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17800, versionPriority: 15 },
      }),
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v2.example.com', labels: { 'kube-aggregator.kubernetes.io/automanaged': 'true' } },
        spec: { group: 'example.com', version: 'v2', groupPriorityMinimum: 1000, versionPriority: 100 },
      },
    ])
  })
})

it('custom groups and versions are those that some definition serves', () => {
  const definition = (group: string, ...versions: [string, boolean][]) =>
    ({ spec: { group, versions: versions.map(([name, served]) => ({ name, served })) } }) as CustomResourceDefinition
  expect(
    customVersions([
      definition('a.com', ['v1', true], ['v2', false]),
      definition('a.com', ['v1', true]),
      definition('b.com', ['v1beta1', true]),
    ]),
  ).toEqual(served(['a.com', 'v1'], ['b.com', 'v1beta1']))
})

describe('planRegistration', () => {
  const [core, custom] = localServices(served(['', 'v1'], ['example.com', 'v1'])) as [APIService, APIService]
  const other = (service: APIService): APIService => ({ ...service, spec: { ...service.spec, versionPriority: 7 } })
  const plan = (stored: APIService[], wanted: APIService[], synced: string[] = []) => {
    const { create, update, remove } = planRegistration(stored, wanted, new Set(synced))
    return { create: namesOf(create), update: namesOf(update), remove: namesOf(remove) }
  }
  const nothing = { create: [], update: [], remove: [] }

  it.each<[string, ReturnType<typeof plan>, ReturnType<typeof plan>]>([
    ['what is missing', plan([], [core, custom]), { ...nothing, create: ['v1.', 'v1.example.com'] }],
    ['what is there', plan([core, custom], [core, custom]), nothing],
    [
      'what was changed',
      plan([other(core), other(custom)], [core, custom]),
      { ...nothing, update: ['v1.', 'v1.example.com'] },
    ],
    ['what somebody else looks after', plan([labelled(other(core))], [core]), nothing],
    ['what is no longer served', plan([core, custom], []), { ...nothing, remove: ['v1.', 'v1.example.com'] }],
    [
      'what was changed after the start',
      plan([other(core), other(custom)], [core, custom], ['v1.']),
      { ...nothing, update: ['v1.example.com'] },
    ],
    [
      'what was deleted after the start',
      plan([], [core, custom], ['v1.', 'v1.example.com']),
      { ...nothing, create: ['v1.example.com'] },
    ],
    ["another server's", plan([core], [], ['v1.']), nothing],
  ])('%s', (_, actual, expected) => {
    expect(actual).toEqual(expected)
  })

  it('keeps the labels of what it changes', () => {
    const stored = {
      ...other(core),
      metadata: { ...core.metadata, resourceVersion: '5', labels: { ...core.metadata.labels, mine: 'x' } },
    }
    const [updated] = planRegistration([stored], [core], new Set()).update
    expect(updated?.spec).toEqual(core.spec)
    expect(updated?.metadata).toEqual(stored.metadata)
  })
})

import { kinds } from '@kubets/shared/api/kinds/index.ts'
import type { CustomResourceDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import { describe, expect, it } from 'vitest'
import { builtInPriority } from './priorities.ts'
import { builtInServices, customServices, customVersions, planRegistration } from './registration.ts'

const served = (...names: [string, string][]) => names.map(([group, version]) => ({ group, version }))
const namesOf = (list: readonly APIService[]) => list.map(({ metadata }) => metadata.name)
const labelled = (service: APIService, value?: string): APIService => ({
  ...service,
  metadata: {
    ...service.metadata,
    labels: value === undefined ? {} : { 'kube-aggregator.kubernetes.io/automanaged': value },
  },
})

describe('APIServices of what is served here', () => {
  it('are there for every built-in group but their own', () => {
    const groups = [...new Set(kinds.map(({ group }) => group))]
    expect(groups.filter((group) => builtInPriority(group, 'v1') === undefined)).toEqual(['apiregistration.k8s.io'])
  })

  it('say what comes first and who looks after them, once for each group and version', () => {
    const managed = (value: string) => ({ 'kube-aggregator.kubernetes.io/automanaged': value })
    const builtIn = served(
      ['', 'v1'],
      ['', 'v1'],
      ['apps', 'v1'],
      ['apiregistration.k8s.io', 'v1'],
      ['batch', 'v1beta1'],
    )
    expect(builtInServices(builtIn)).toEqual([
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v1.', labels: managed('onstart') },
        spec: { version: 'v1', groupPriorityMinimum: 18000, versionPriority: 1 },
      },
      expect.objectContaining({
        spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17800, versionPriority: 15 },
      }),
      expect.objectContaining({
        spec: { group: 'batch', version: 'v1beta1', groupPriorityMinimum: 17400, versionPriority: 9 },
      }),
    ])
    expect(customServices(served(['example.com', 'v2']))).toEqual([
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v2.example.com', labels: managed('true') },
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
  const [core] = builtInServices(served(['', 'v1'])) as [APIService]
  const [custom] = customServices(served(['example.com', 'v1'])) as [APIService]
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

import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import { describe, expect, it } from 'vitest'
import { mergeGroups, resourcesOf } from './discovery.ts'

const apiService = (group: string, version: string, priorities: [number, number], remote: boolean): APIService => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: `${version}.${group}` },
  spec: {
    group,
    version,
    groupPriorityMinimum: priorities[0],
    versionPriority: priorities[1],
    ...(remote ? { service: { name: 'api', namespace: 'ns' } } : {}),
  },
})
const remoteOf = () => ({ resources: [], available: true })
const local = (name: string, ...versions: string[]) => ({
  name,
  versions: versions.map((version) => ({ version, kinds: [] })),
})
const shape = (groups: ReturnType<typeof mergeGroups>) =>
  groups.map(({ name, versions }) => [name, ...versions.map((v) => v.version + (v.remote ? ' remote' : ''))].join(' '))

describe('mergeGroups', () => {
  it('puts groups and versions in the order of their priorities', () => {
    const groups = [
      local('', 'v1'),
      local('apps', 'v1'),
      local('autoscaling', 'v1', 'v2'),
      local('b.example.com', 'v1beta1', 'v1'),
      local('a.example.com', 'v1'),
      local('apiregistration.k8s.io', 'v1'),
    ]
    const services = [
      apiService('wardle.example.com', 'v1alpha1', [2000, 200], true),
      apiService('wardle.example.com', 'v1beta1', [2000, 400], true),
      apiService('first.example.com', 'v1', [17900, 1], true),
      apiService('apps', 'v1', [17800, 15], false),
    ]
    expect(shape(mergeGroups(groups, services, remoteOf))).toEqual([
      'apiregistration.k8s.io v1',
      ' v1',
      'first.example.com v1 remote',
      'apps v1',
      'autoscaling v2 v1',
      'wardle.example.com v1beta1 remote v1alpha1 remote',
      'a.example.com v1',
      'b.example.com v1 v1beta1',
    ])
  })

  it('a version that an APIService sends elsewhere is not served here', () => {
    const services = [apiService('apps', 'v1', [17800, 15], true)]
    expect(shape(mergeGroups([local('apps', 'v1')], services, remoteOf))).toEqual(['apps v1 remote'])
  })
})

describe('resourcesOf', () => {
  it('puts subresources below their resource', () => {
    const list = {
      kind: 'APIResourceList',
      resources: [
        {
          name: 'flunders',
          singularName: 'flunder',
          namespaced: true,
          kind: 'Flunder',
          verbs: ['get'],
          shortNames: ['fl'],
        },
        { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['update'] },
        { name: 'flunders/scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get'] },
        { name: 'fischers', namespaced: false, kind: 'Fischer', verbs: ['list'] },
        { nothing: true },
      ],
    }
    expect(resourcesOf(list, 'wardle.example.com', 'v1')).toEqual([
      {
        resource: 'flunders',
        responseKind: { group: 'wardle.example.com', version: 'v1', kind: 'Flunder' },
        scope: 'Namespaced',
        singularResource: 'flunder',
        verbs: ['get'],
        shortNames: ['fl'],
        subresources: [
          {
            subresource: 'status',
            responseKind: { group: 'wardle.example.com', version: 'v1', kind: 'Flunder' },
            verbs: ['update'],
          },
          {
            subresource: 'scale',
            responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
            verbs: ['get'],
          },
        ],
      },
      {
        resource: 'fischers',
        responseKind: { group: 'wardle.example.com', version: 'v1', kind: 'Fischer' },
        scope: 'Cluster',
        singularResource: '',
        verbs: ['list'],
      },
    ])
  })

  it.each([undefined, null, {}, { resources: 'x' }, { resources: [1, null] }])('%j has none', (list) => {
    expect(resourcesOf(list, 'a', 'v1')).toEqual([])
  })
})

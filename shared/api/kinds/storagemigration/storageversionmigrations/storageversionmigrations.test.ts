import { describe, expect, it } from 'vitest'
import { createProblems, statusProblems, updateProblems } from '../../test-cases.ts'
import { storageVersionMigration as kind } from './kind.ts'

const of = (resource: string, group = '') => ({ spec: { resource: { group, resource } } })

describe('a migration', () => {
  it.each([
    ['of Secrets', of('secrets'), []],
    ['of a custom kind', of('widgets', 'example.com'), []],
    ['of nothing', of(''), ['spec.resource.resource: Required value: resource is required to be set']],
    [
      'of a name that is none',
      of('Wid.gets'),
      [/^spec.resource.resource: Invalid value: "Wid.gets": a DNS-1035 label/],
    ],
    ['of a group that is none', of('widgets', 'A'), [/^spec.resource.group: Invalid value: "A": a lowercase RFC 1123/]],
  ])('%s', (_, draft, want) =>
    expect(createProblems(kind, draft)).toEqual(want.map((text) => expect.stringMatching(text))),
  )

  it('stays one of its resource', () => {
    const change = (obj: object) => Object.assign(obj, of('configmaps'))
    expect(updateProblems(kind, of('secrets'), change)).toEqual([
      expect.stringMatching(/^spec: Invalid value: .*: field is immutable$/),
    ])
  })
})

const condition = (type: string, status = 'True') => ({
  type,
  status,
  lastTransitionTime: '2026-01-01T00:00:00Z',
  reason: 'R',
  message: '',
})
const having = (...types: string[]) => ({ conditions: types.map((type) => condition(type)) })

describe('the status of a migration', () => {
  const both = 'Both success and failed conditions cannot be true at the same time'
  const ran = 'Running condition cannot be true when success condition is true'
  const failing = 'Running condition cannot be true when failed condition is true'
  it.each<[string, object, object, string[]]>([
    ['runs', having('Running'), {}, []],
    ['ends', { conditions: [condition('Running', 'False'), condition('Succeeded')] }, having('Running'), []],
    ['both ways', having('Succeeded', 'Failed'), {}, [both]],
    ['and runs', having('Succeeded', 'Running'), {}, [ran]],
    ['fails and runs', having('Failed', 'Running'), {}, [failing]],
    ['after its success', having(), having('Succeeded'), ['Success condition cannot be set to false once it is true']],
    ['after its failure', having(), having('Failed'), ['Failed condition cannot be set to false once it is true']],
    ['of a version', { resourceVersion: '7' }, {}, []],
    ['of another version', { resourceVersion: '8' }, { resourceVersion: '7' }, ['field is immutable']],
  ])('%s', (_, status, before, want) =>
    expect(statusProblems(kind, of('secrets'), status, before).map((text) => text.split(': ').at(-1))).toEqual(want),
  )

  it.each(['x', '07', '0'])('of the version %s', (resourceVersion) =>
    expect(statusProblems(kind, of('secrets'), { resourceVersion })).toEqual([
      `status.resourceVersion: Invalid value: "${resourceVersion}": resource version is not well formed: ${resourceVersion}`,
    ]),
  )
})

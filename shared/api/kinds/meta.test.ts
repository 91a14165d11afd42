import { describe, expect, it } from 'vitest'
import { errorText } from '../../machinery/fieldpath.ts'
import type { ObjectMeta } from '../../machinery/meta-v1.gen.ts'
import type { NameRule } from './kind.ts'
import { validateMeta, validateMetaUpdate } from './meta.ts'

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

const onCreate: [string, ObjectMeta, NameRule, string[]][] = [
  ['fine', { name: 'a.b', namespace: 'x' }, 'subdomain', []],
  ['no name', { namespace: 'x' }, 'subdomain', ['metadata.name: Required value: name or generateName is required']],
  ['bad name', { name: 'A', namespace: 'x' }, 'subdomain', [`metadata.name: Invalid value: "A": ${subdomain}`]],
  ['prefix with a dash', { name: 'a-x', generateName: 'a-', namespace: 'x' }, 'subdomain', []],
  ['no namespace', { name: 'a' }, 'subdomain', ['metadata.namespace: Required value']],
  ['path segment', { name: 'a:b', namespace: 'x' }, 'pathSegment', []],
  [
    'slash',
    { name: 'a/b', namespace: 'x' },
    'pathSegment',
    [`metadata.name: Invalid value: "a/b": may not contain '/'`],
  ],
  [
    'finalizer',
    { name: 'a', namespace: 'x', finalizers: ['mine'] },
    'subdomain',
    [
      'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ],
  [
    'two controllers',
    {
      name: 'a',
      namespace: 'x',
      ownerReferences: [
        { apiVersion: 'v1', kind: 'A', name: 'a', uid: '1', controller: true },
        { apiVersion: 'v1', kind: 'B', name: 'b', uid: '2', controller: true },
      ],
    },
    'subdomain',
    [
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"A","name":"a","uid":"1","controller":true},{"apiVersion":"v1","kind":"B","name":"b","uid":"2","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for A/a and B/b',
    ],
  ],
  [
    'too many annotations',
    { name: 'a', namespace: 'x', annotations: { k: 'v'.repeat(262144) } },
    'subdomain',
    ['metadata.annotations: Too long: may not be more than 262144 bytes'],
  ],
]

describe('validateMeta', () => {
  it.each(onCreate)('%s', (_, meta, rule, want) => {
    expect(validateMeta(meta, true, rule).map(errorText)).toEqual(want)
  })

  it('refuses a namespace for kinds without', () => {
    const errors = validateMeta({ name: 'a', namespace: 'x' }, false, 'subdomain')
    expect(errors.map(errorText)).toEqual(['metadata.namespace: Forbidden: not allowed on this type'])
  })
})

describe('validateMetaUpdate', () => {
  const old: ObjectMeta = { name: 'a', namespace: 'x', uid: 'u', resourceVersion: '5' }
  const table: [string, ObjectMeta, ObjectMeta, string[]][] = [
    ['same', { ...old }, old, []],
    [
      'no resourceVersion',
      { ...old, resourceVersion: '' },
      old,
      ['metadata.resourceVersion: Invalid value: "": must be specified for an update'],
    ],
    ['uid', { ...old, uid: 'v' }, old, ['metadata.uid: Invalid value: "v": field is immutable']],
    [
      'new finalizer on its way out',
      { ...old, deletionTimestamp: 't', finalizers: ['a/b'] },
      { ...old, deletionTimestamp: 't' },
      [
        'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/b"}',
      ],
    ],
  ]
  it.each(table)('%s', (_, meta, before, want) => {
    expect(validateMetaUpdate(meta, before).map(errorText)).toEqual(want)
  })
})

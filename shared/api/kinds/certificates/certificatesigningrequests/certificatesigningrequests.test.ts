import { describe, expect, it } from 'vitest'
import { createProblems, decoded, statusProblems } from '../../test-cases.ts'
import { certificateSigningRequest as kind } from './kind.ts'
import { certificateProblem } from './request.ts'
import { prepareForCreate } from '../../strategy.ts'

const pem = `-----BEGIN CERTIFICATE REQUEST-----
MIHiMIGIAgEAMCYxEjAQBgNVBAoMCXNvbWV3aGVyZTEQMA4GA1UEAwwHc29tZW9u
ZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLUi94ihO4El8t7gOGZYaSRKFKuQ
jxJiRpkk5QijQtINVS1Xqrzrjo0wF3wDIriwPmeShJMY+6wI6DhxGNykBOegADAK
BggqhkjOPQQDAgNJADBGAiEAhXZZW6zns2kuP400GNgsi+opMB/uzVnKLtha2g1q
h5sCIQD7oKZBnXqMRs8BFGvZTW6bMl/NB6tf3TmgRq+sUjjmiA==
-----END CERTIFICATE REQUEST-----
`
const base64 = (text: string) => Buffer.from(text).toString('base64')
const request = base64(pem)
const spec = { request, signerName: 'example.com/signer', usages: ['client auth'] }

// pkg/apis/certificates/validation/validation_test.go
const table: [string, object, string[]][] = [
  ['fine', spec, []],
  [
    'no request',
    { ...spec, request: base64('x') },
    [`spec.request: Invalid value: "${base64('x')}": PEM block type must be CERTIFICATE REQUEST`],
  ],
  ['no usages', { ...spec, usages: [] }, ['spec.usages: Required value']],
  [
    'usages twice',
    { ...spec, usages: ['client auth', 'client auth'] },
    ['spec.usages[1]: Duplicate value: "client auth"'],
  ],
  [
    'legacy',
    { ...spec, signerName: 'kubernetes.io/legacy-unknown' },
    [
      'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
  ],
  [
    'signer without a domain',
    { ...spec, signerName: 'signer' },
    [
      `spec.signerName: Invalid value: "signer": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
    ],
  ],
  [
    'too short',
    { ...spec, expirationSeconds: 599 },
    ['spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)'],
  ],
]
it.each(table)('%s', (_, given, want) => {
  expect(createProblems(kind, { spec: given })).toEqual(want)
})

it('refuses a request that was changed after it was signed', () => {
  const der = Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64')
  // a letter of the name
  der[der.indexOf('someone')]! ^= 1
  const changed = base64(
    `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`,
  )
  expect(createProblems(kind, { spec: { ...spec, request: changed } })[0]).toMatch(/x509: invalid signature/)
  const cut = base64(
    `-----BEGIN CERTIFICATE REQUEST-----\n${der.subarray(0, 40).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`,
  )
  expect(createProblems(kind, { spec: { ...spec, request: cut } })[0]).toMatch(/asn1: structure error/)
})

it('is from whoever sends it', () => {
  const obj = decoded(kind, { spec: { ...spec, username: 'admin', groups: ['system:masters'] } })
  prepareForCreate(kind, obj, { name: 'me', groups: ['system:authenticated'] })
  expect(obj).toMatchObject({ spec: { username: 'me', groups: ['system:authenticated'] } })
})

describe('status', () => {
  const condition = (type: string, status = 'True') => ({ type, status })
  const cases: [string, object, object, string[]][] = [
    ['failed', { conditions: [condition('Failed')] }, {}, []],
    [
      'failed, but not quite',
      { conditions: [condition('Failed', 'False')] },
      {},
      ['status.conditions[0].status: Unsupported value: "False": supported values: "True"'],
    ],
    [
      'no certificate',
      { certificate: base64('x') },
      {},
      ['status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block'],
    ],
    [
      'failure taken back',
      { conditions: [] },
      { conditions: [condition('Failed')] },
      ['status.conditions: Forbidden: updates may not remove a condition of type "Failed"'],
    ],
  ]
  it.each(cases)('%s', (_, status, before, want) => {
    expect(statusProblems(kind, { spec }, status, before)).toEqual(want)
  })

  it('approval is for its own path', () => {
    const old = { ...decoded(kind, { spec }), status: {} }
    const approved = { ...old, status: { conditions: [condition('Approved')] } }
    expect(kind.validateSubresource?.approval?.(approved, old)).toEqual([])
    const both = { ...old, status: { conditions: [condition('Approved'), condition('Denied')] } }
    expect(kind.validateSubresource?.approval?.(both, old)).toMatchObject([
      { field: 'status.conditions[1].type', detail: 'Approved and Denied conditions are mutually exclusive' },
    ])
  })
})

it('conditions are stamped with when they were written, and since when they hold', () => {
  const [before, now] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z']
  const held = { type: 'Approved', status: 'True', lastUpdateTime: before, lastTransitionTime: before }
  const old = { ...decoded(kind, { spec }), status: { conditions: [held] } }
  const conditions = [
    { type: 'Approved', status: 'True', message: 'anew' },
    { type: 'Failed', status: 'True', lastUpdateTime: before },
  ]
  const changed = { ...old, status: { conditions } }
  kind.prepareForSubresource?.approval?.(changed, old, now)
  expect(changed.status.conditions).toEqual([
    { type: 'Approved', status: 'True', message: 'anew', lastUpdateTime: now, lastTransitionTime: before },
    { type: 'Failed', status: 'True', lastUpdateTime: before, lastTransitionTime: now },
  ])
})

it('knows certificates from other blocks', () => {
  expect(certificateProblem(request)).toBe('only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"')
})

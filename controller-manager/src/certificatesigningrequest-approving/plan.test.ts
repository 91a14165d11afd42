import { describe, expect, it } from 'vitest'
import { asked, condition, csr } from '../certificates/requests.testing.ts'
import { approved, permissionsFor, waitsForApproval } from './plan.ts'

const signerName = 'kubernetes.io/kubelet-serving'

describe('waitsForApproval', () => {
  it.each([
    ['new', csr(), true],
    ['approved', csr({}, { conditions: [condition('Approved')] }), false],
    ['denied', csr({}, { conditions: [condition('Denied')] }), false],
    ['failed', csr({}, { conditions: [condition('Failed')] }), true],
    ['issued', csr({}, { certificate: 'x' }), false],
    ['for others', csr({ signerName }), false],
  ])('%s', (_, request, waits) => expect(waitsForApproval(request)).toBe(waits))
})

// pkg/controller/certificates/approver/sarapprove_test.go
describe('permissionsFor', () => {
  it.each([
    ['a node asks for itself', csr({ username: 'system:node:n1' }), asked(), ['selfnodeclient', 'nodeclient']],
    ['another asks for it', csr({ username: 'system:bootstrap:abcdef' }), asked(), ['nodeclient']],
    ['it is no node', csr({ username: 'jane' }), asked({ commonName: 'jane' }), []],
    ['it is of another group', csr(), asked({ organizations: ['system:masters'] }), []],
    ['it is for a server', csr({ usages: ['digital signature', 'server auth'] }), asked(), []],
    ['others sign it', csr({ signerName }), asked(), []],
  ])('%s', (_, request, given, permissions) => expect(permissionsFor(request, given)).toEqual(permissions))
})

it('an approval says why', () => {
  expect(approved(csr(), 'nodeclient', Date.parse('2026-01-01T00:00:00Z')).status?.conditions).toEqual([
    {
      type: 'Approved',
      status: 'True',
      reason: 'AutoApproved',
      message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
      lastUpdateTime: '2026-01-01T00:00:00Z',
    },
  ])
})

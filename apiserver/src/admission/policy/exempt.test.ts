import { expect, it } from 'vitest'
import { isExempt } from './exempt.ts'

it.each([
  ['admissionregistration.k8s.io', 'validatingadmissionpolicies', true],
  ['admissionregistration.k8s.io', 'mutatingadmissionpolicybindings', true],
  ['admissionregistration.k8s.io', 'validatingwebhookconfigurations', false],
  ['authorization.k8s.io', 'selfsubjectaccessreviews', true],
  ['authentication.k8s.io', 'tokenreviews', true],
  ['example.com', 'tokenreviews', false],
  ['', 'pods', false],
])('policies on %s %s: exempt is %s', (group, plural, exempt) => {
  expect(isExempt(group, plural)).toBe(exempt)
})

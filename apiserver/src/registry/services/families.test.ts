import type { ServiceSpec } from '@kubets/shared/api/types/core-v1.ts'
import { expect, it } from 'vitest'
import type { IPFamily } from '@kubets/shared/machinery/addresses.ts'
import { fillFamilies } from './families.ts'

const v4: IPFamily[] = ['IPv4']
const both: IPFamily[] = ['IPv4', 'IPv6']
const headless = { clusterIP: 'None', clusterIPs: ['None'] }

it.each<[string, ServiceSpec, IPFamily[], string | undefined, string[] | undefined]>([
  ['nothing asked', {}, v4, 'SingleStack', ['IPv4']],
  ['nothing asked of two', {}, both, 'SingleStack', ['IPv4']],
  ['two preferred, one there', { ipFamilyPolicy: 'PreferDualStack' }, v4, 'PreferDualStack', ['IPv4']],
  [
    'two preferred',
    { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] },
    both,
    'PreferDualStack',
    ['IPv6', 'IPv4'],
  ],
  ['two addresses', { clusterIPs: ['fd00::1', '10.0.0.1'] }, both, 'RequireDualStack', ['IPv6', 'IPv4']],
  ['an address of the other', { clusterIPs: ['fd00::1'] }, both, 'SingleStack', ['IPv6']],
  ['headless without selector', headless, v4, 'RequireDualStack', ['IPv4', 'IPv6']],
  ['headless with selector', { ...headless, selector: { a: 'b' } }, v4, 'SingleStack', ['IPv4']],
  ['a name alone', { type: 'ExternalName' }, v4, undefined, undefined],
])('%s', (_name, spec, families, policy, expected) => {
  expect(fillFamilies(spec, families)).toEqual([])
  expect([spec.ipFamilyPolicy, spec.ipFamilies]).toEqual([policy, expected])
})

it.each<[ServiceSpec, string]>([
  [{ ipFamilyPolicy: 'RequireDualStack' }, 'spec.ipFamilyPolicy'],
  [{ ipFamilies: ['IPv6'] }, 'spec.ipFamilies[0]'],
])('refuses %o in a cluster of IPv4', (spec, field) => {
  expect(fillFamilies(spec, v4)).toMatchObject([{ field }])
})

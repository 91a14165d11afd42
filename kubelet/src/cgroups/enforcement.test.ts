import { describe, expect, it } from 'vitest'
import { checkEnforcement } from './enforcement.ts'

const flags = {
  enforceNodeAllocatable: ['pods'],
  cgroupsPerQos: true,
  kubeReserved: {},
  systemReserved: {},
  kubeReservedCgroup: '/kube',
  systemReservedCgroup: undefined,
}
const flag = 'enforceNodeAllocatable (--enforce-node-allocatable)'

describe('checkEnforcement', () => {
  it.each([[['pods']], [['none']], [[]], [['pods', 'kube-reserved']], [['kube-reserved-compressible']]])(
    '%o',
    (all) => {
      expect(() => checkEnforcement({ ...flags, enforceNodeAllocatable: all })).not.toThrow()
    },
  )

  it.each([
    [['none', 'pods'], `${flag} may not contain additional enforcements when "none" is specified`],
    [['kube'], `option "kube" specified for ${flag}. Valid options are "pods"`],
    [
      ['system-reserved'],
      `systemReservedCgroup (--system-reserved-cgroup) must be specified when "system-reserved" contained in ${flag}`,
    ],
    [
      ['kube-reserved', 'kube-reserved-compressible'],
      `both "kube-reserved" and "kube-reserved-compressible" cannot be specified in ${flag}`,
    ],
  ])('refuses %o', (all, message) => {
    const check = () => checkEnforcement({ ...flags, enforceNodeAllocatable: all })
    expect(check).toThrow(`invalid configuration: ${message}`)
  })

  it('needs the cgroups of Pods', () => {
    expect(() => checkEnforcement({ ...flags, cgroupsPerQos: false })).toThrow('--cgroups-per-qos')
    const none = { ...flags, cgroupsPerQos: false, enforceNodeAllocatable: ['none'] }
    expect(() => checkEnforcement(none)).not.toThrow()
  })
})

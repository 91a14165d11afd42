import { describe, expect, it } from 'vitest'
import type { VolumeMount } from '@kubets/shared/api/types/core-v1.ts'
import { container } from '../pods/fixtures.ts'
import { volumeDevices, volumeMounts } from './mounts.ts'

const signal = new AbortController().signal
const mounted = (more: Partial<VolumeMount>) =>
  volumeMounts(
    container('a', { volumeMounts: [{ name: 'v', mountPath: '/v', ...more }] }),
    () => ({ path: '/on/host', readonly: false }),
    new Map(),
    '/pod',
    signal,
  )

describe('recursive read-only', () => {
  it.each<[Partial<VolumeMount>, boolean]>([
    [{ recursiveReadOnly: 'Disabled' }, false],
    [{ recursiveReadOnly: 'Disabled', readOnly: true }, true],
    [{ recursiveReadOnly: 'IfPossible', readOnly: true }, true],
    [{ recursiveReadOnly: 'IfPossible', readOnly: true, mountPropagation: 'None' }, true],
  ])('is done without where it may: %o', async (mount, readonly) => {
    expect(await mounted(mount)).toEqual([
      { hostPath: '/on/host', containerPath: '/v', readonly, propagation: 'private' },
    ])
  })

  it.each<[Partial<VolumeMount>, string]>([
    [{ recursiveReadOnly: 'Enabled', readOnly: true }, 'not supported by the runtime'],
    [{ recursiveReadOnly: 'IfPossible' }, 'not read-only'],
    [
      { recursiveReadOnly: 'IfPossible', readOnly: true, mountPropagation: 'HostToContainer' },
      'not compatible with propagation "HostToContainer"',
    ],
  ])('is refused by name where it may not: %o', async (mount, why) => {
    await expect(mounted(mount)).rejects.toThrow(
      `failed to resolve recursive read-only mode: volume "v" requested recursive read-only mode, but it is ${why}`,
    )
  })
})

describe('mount propagation', () => {
  it.each([
    [undefined, 'private'],
    ['None', 'private'],
    ['HostToContainer', 'rslave'],
    ['Bidirectional', 'rshared'],
  ])('%s is %s for the kernel', async (mountPropagation, propagation) => {
    const mounts = await mounted(mountPropagation === undefined ? {} : { mountPropagation })
    expect(mounts).toMatchObject([{ propagation }])
  })
})

describe('devices of volumes', () => {
  const one = (devicePath: string) => container('a', { volumeDevices: [{ name: 'v', devicePath }] })

  it.each([
    [false, 'mrw'],
    [true, 'r'],
  ])('read-only %s are given as %s', (readonly, permissions) => {
    const found = { path: '/link', readonly, isDevice: true }
    const device = { hostPath: '/link', containerPath: '/dev/xvda', permissions }
    expect(volumeDevices(one('/dev/xvda'), () => found)).toEqual([device])
  })

  it('are refused in words', () => {
    const folder = { path: '/folder', readonly: false }
    const missing = 'cannot find volume "v" to pass into container "a"'
    expect(() => volumeDevices(one('/dev/xvda'), () => folder)).toThrow(missing)
    expect(() => volumeDevices(one('xvda'), () => folder)).toThrow('error DevicePath `xvda` must be an absolute path')
  })
})

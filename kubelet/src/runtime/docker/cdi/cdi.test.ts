import { describe, expect, it } from 'vitest'
import type { ContainerConfig } from '../../types.ts'
import { hostDeviceOf, resolveDevices, withEdits, type HostDevice, type ReadSpec } from './resolve.ts'
import { parseCdiSpec, type ContainerEdits, type DeviceNode } from './spec.ts'

const head = { cdiVersion: '0.6.0', kind: 'vendor.com/class' }
const minimal = { ...head, devices: [{ name: 'a', containerEdits: { env: ['A=1'] } }] }

describe('a CDI file', () => {
  it('may be JSON or YAML', () => {
    const yaml = `
cdiVersion: v0.5.0
kind: vendor.com/class
annotations: {about: it}
devices:
  - name: a
    containerEdits:
      env: [A=1]
`
    const spec = { kind: 'vendor.com/class', devices: minimal.devices, containerEdits: {} }
    expect(parseCdiSpec(JSON.stringify(minimal))).toEqual(spec)
    expect(parseCdiSpec(yaml)).toEqual(spec)
  })

  const device = (containerEdits: object) => ({ ...head, devices: [{ name: 'a', containerEdits }] })
  it.each([
    ['nothing', '', 'not an object'],
    ['a list', '[]', 'not an object'],
    ['another version', { ...minimal, cdiVersion: '9.0.0' }, 'invalid version "9.0.0"'],
    ['no vendor', { ...minimal, kind: 'class' }, 'invalid kind "class"'],
    ['no device', { ...minimal, devices: [] }, 'no devices'],
    ['an unknown field', { ...minimal, more: 1 }, 'unknown field "more"'],
    ['the same device twice', { ...minimal, devices: [...minimal.devices, { name: 'a' }] }, 'multiple device "a"'],
    ['a device without a name', { ...minimal, devices: [{ name: '' }] }, 'invalid device {"name":""}'],
    ['a variable without a value', device({ env: ['A'] }), 'invalid device'],
    ['a mount to nowhere', device({ mounts: [{ hostPath: '/a' }] }), 'invalid device'],
    ['a device of no type', device({ deviceNodes: [{ path: '/a', type: 'x' }] }), 'invalid device'],
    ['permissions of no meaning', device({ deviceNodes: [{ path: '/a', permissions: 'rx' }] }), 'invalid device'],
    ['unknown edits', device({ capabilities: [] }), 'invalid device'],
    ['unknown edits for all', { ...minimal, containerEdits: { more: 1 } }, 'invalid containerEdits'],
  ])('with %s is none', (_, spec, why) => {
    const text = typeof spec === 'string' ? spec : JSON.stringify(spec)
    expect(() => parseCdiSpec(text)).toThrow(`invalid CDI Spec: ${why}`)
  })
})

const read = (
  path: string,
  priority: number,
  devices: Record<string, ContainerEdits>,
  all: ContainerEdits = {},
): ReadSpec => ({
  path,
  priority,
  spec: {
    kind: 'v.com/c',
    devices: Object.entries(devices).map(([name, containerEdits]) => ({ name, containerEdits })),
    containerEdits: all,
  },
})

describe('what devices change', () => {
  it('is what their file changes, once, and then each of them', () => {
    const specs = [
      read(
        '/etc/cdi/a.json',
        0,
        {
          x: { env: ['X=1', 'ALL=x'], deviceNodes: [{ path: '/dev/x' }] },
          y: { mounts: [{ hostPath: '/h', containerPath: '/c' }], additionalGids: [0, 7] },
          z: { env: ['Z=1'] },
        },
        { env: ['ALL=1'] },
      ),
    ]
    expect(resolveDevices(['v.com/c=x', 'v.com/c=y', 'v.com/c=x'], specs)).toEqual({
      env: ['ALL=x', 'X=1'],
      nodes: [{ path: '/dev/x' }],
      mounts: [{ hostPath: '/h', containerPath: '/c', readonly: false, propagation: 'private' }],
      groups: [7],
    })
  })

  it('is what the folder says that counts more; in one folder two of a name are none', () => {
    const [low, high] = [
      read('/etc/cdi/a.json', 0, { x: { env: ['A=1'] } }),
      read('/run/a.json', 1, { x: { env: ['A=2'] } }),
    ]
    expect(resolveDevices(['v.com/c=x'], [low, high]).env).toEqual(['A=2'])
    expect(resolveDevices(['v.com/c=x'], [low, low, high]).env).toEqual(['A=2'])
    expect(() => resolveDevices(['v.com/c=x'], [low, { ...low, path: '/etc/cdi/b.json' }])).toThrow('unresolvable')
  })

  it('is an error for those that nobody knows', () => {
    const unresolvable = 'CDI device injection failed: unresolvable CDI devices v.com/c=q, w.com/c=x'
    expect(() => resolveDevices(['v.com/c=q', 'w.com/c=x'], [])).toThrow(unresolvable)
    expect(() => resolveDevices(['v.com/c=q'], [], ['failed to load CDI Spec /a: no'])).toThrow(
      'v.com/c=q (failed to load CDI Spec /a: no)',
    )
  })

  const mount = (options: string[], type?: string): ContainerEdits => ({
    mounts: [{ hostPath: '/h', containerPath: '/c', options, ...(type === undefined ? {} : { type }) }],
  })
  it.each<[string, ContainerEdits, string | undefined]>([
    ['hooks', { hooks: [{ hookName: 'createContainer', path: '/hook' }] }, 'hooks'],
    ['no hooks', { hooks: [] }, undefined],
    ['intelRdt', { intelRdt: { closID: 'a' } }, 'intelRdt'],
    ['netDevices', { netDevices: [{ hostInterfaceName: 'eth1', name: 'eth0' }] }, 'netDevices'],
    ['a tmpfs', mount([], 'tmpfs'), 'a mount of type tmpfs'],
    ['a bind of no type', mount(['rbind', 'ro'], 'none'), undefined],
    ['what a mount may not hold', mount(['bind', 'nosuid']), 'the mount option nosuid'],
    ['propagation', mount(['bind', 'rslave', 'rw']), undefined],
  ])('%s', (_, edits, refused) => {
    const resolve = () => resolveDevices(['v.com/c=x'], [read('/a', 0, { x: edits })])
    if (refused === undefined) expect(resolve).not.toThrow()
    else expect(resolve).toThrow(`CDI device v.com/c=x: ${refused} cannot be had with Docker`)
  })
})

describe('a device file', () => {
  const host: HostDevice = { type: 'c', major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 }
  it.each<[DeviceNode, string]>([
    [{ path: '/dev/x' }, 'rwm'],
    [{ path: '/dev/x', permissions: 'r', type: 'c', major: 1, minor: 3, fileMode: 0o666, uid: 0 }, 'r'],
    [{ path: '/dev/x', type: 'u', major: 0, minor: 0 }, 'rwm'],
  ])('is the one on the host: %j', (node, permissions) => {
    expect(hostDeviceOf(node, host)).toEqual({ hostPath: '/dev/x', containerPath: '/dev/x', permissions })
  })
  it.each<[DeviceNode, string]>([
    [{ path: '/dev/x', hostPath: '/dev/h', type: 'b' }, 'CDI device ("/dev/x", "/dev/h"), host type mismatch (b, c)'],
    [{ path: '/dev/x', major: 1, minor: 5 }, 'minor 5 of /dev/x, which on the host is 3, cannot be had with Docker'],
    [{ path: '/dev/x', gid: 44 }, 'gid 44 of /dev/x, which on the host is 0, cannot be had with Docker'],
  ])('is no other: %j', (node, why) => {
    expect(() => hostDeviceOf(node, host)).toThrow(why)
  })
})

it('what devices say counts more than what the container had', () => {
  const bind = (hostPath: string, containerPath: string) =>
    ({ hostPath, containerPath, readonly: false, propagation: 'private' }) as const
  const config = {
    env: ['A=1', 'B=1'],
    mounts: [bind('/1', '/a'), bind('/1', '/b')],
    devices: [{ hostPath: '/dev/1', containerPath: '/dev/a', permissions: 'r' }],
    security: { supplementalGroups: [5, 7] },
  } as unknown as ContainerConfig
  const edits = { env: ['A=2', 'C=2'], nodes: [], mounts: [bind('/2', '/b')], groups: [7, 8] }
  const devices = [{ hostPath: '/dev/2', containerPath: '/dev/a', permissions: 'rwm' }]
  expect(withEdits(config, edits, devices)).toEqual({
    env: ['B=1', 'A=2', 'C=2'],
    mounts: [bind('/1', '/a'), bind('/2', '/b')],
    devices,
    security: { supplementalGroups: [5, 7, 8] },
  })
})

// What CDI devices change of a container, in terms of what Docker can do: pure.
// tags.cncf.io/container-device-interface pkg/cdi/cache.go, container-edits.go
import type { ContainerConfig, Device, Mount } from '../../types.ts'
import type { CdiMount, CdiSpec, ContainerEdits, DeviceNode } from './spec.ts'

/** A specification that was read; of one device in two places that with the higher priority counts. */
export interface ReadSpec {
  path: string
  priority: number
  spec: CdiSpec
}

/** What a device file on the host is. */
export interface HostDevice {
  type: 'b' | 'c' | 'p'
  major: number
  minor: number
  fileMode: number
  uid: number
  gid: number
}

export interface ResolvedEdits {
  /** "NAME=value" */
  env: readonly string[]
  nodes: readonly DeviceNode[]
  mounts: readonly Mount[]
  groups: readonly number[]
}

/** The devices of all specifications by their qualified names; those in conflict are none. */
// cache.go refresh
function devicesOf(specs: readonly ReadSpec[]): Map<string, { of: ReadSpec; edits: ContainerEdits }> {
  const found = new Map<string, { of: ReadSpec; edits: ContainerEdits }>()
  const conflicts = new Set<string>()
  for (const of of specs) {
    for (const { name, containerEdits } of of.spec.devices) {
      const qualified = `${of.spec.kind}=${name}`
      const before = found.get(qualified)
      if (before?.of.priority === of.priority) conflicts.add(qualified)
      if (before && before.of.priority >= of.priority) continue
      conflicts.delete(qualified)
      found.set(qualified, { of, edits: containerEdits })
    }
  }
  for (const name of conflicts) found.delete(name)
  return found
}

/**
 * All that these devices, named `vendor.com/class=name`, change of a container.
 * @param broken why other specifications could not be read
 * @throws Error when a device is not known, or wants what Docker cannot do
 */
// cache.go InjectDevices
export function resolveDevices(
  names: readonly string[],
  specs: readonly ReadSpec[],
  broken: readonly string[] = [],
): ResolvedEdits {
  const devices = devicesOf(specs)
  const wanted = [...new Set(names)]
  const unknown = wanted.filter((name) => !devices.has(name))
  if (unknown.length > 0) {
    const why = broken.length > 0 ? ` (${broken.join('; ')})` : ''
    throw new Error(`CDI device injection failed: unresolvable CDI devices ${unknown.join(', ')}${why}`)
  }
  const applied = new Set<ReadSpec>()
  const edits = wanted.flatMap((name): { name: string; edits: ContainerEdits }[] => {
    const device = devices.get(name)
    if (!device) return []
    const first = !applied.has(device.of)
    applied.add(device.of)
    return [...(first ? [{ name, edits: device.of.spec.containerEdits }] : []), { name, edits: device.edits }]
  })
  for (const { name, edits: one } of edits) refuseOthers(name, one)
  const last = <T>(all: readonly T[], key: (one: T) => string): T[] => [
    ...new Map(all.map((one) => [key(one), one])).values(),
  ]
  return {
    env: last(
      edits.flatMap(({ edits: one }) => one.env ?? []),
      variable,
    ),
    nodes: last(
      edits.flatMap(({ edits: one }) => one.deviceNodes ?? []),
      ({ path }) => path,
    ),
    mounts: last(
      edits.flatMap(({ name, edits: one }) => (one.mounts ?? []).map((mount) => bindMount(name, mount))),
      ({ containerPath }) => containerPath,
    ),
    groups: [...new Set(edits.flatMap(({ edits: one }) => one.additionalGids ?? []))].filter((gid) => gid !== 0),
  }
}

const refusal = (name: string, what: string): Error =>
  new Error(`CDI device injection failed: CDI device ${name}: ${what} cannot be had with Docker`)

function refuseOthers(name: string, { hooks, intelRdt, netDevices }: ContainerEdits): void {
  if (hooks && hooks.length > 0) throw refusal(name, 'hooks')
  if (intelRdt) throw refusal(name, 'intelRdt')
  if (netDevices && netDevices.length > 0) throw refusal(name, 'netDevices')
}

const variable = (text: string): string => text.slice(0, text.indexOf('='))

const propagations: ReadonlyMap<string, Mount['propagation']> = new Map([
  ['private', 'private'],
  ['rprivate', 'private'],
  ['rslave', 'rslave'],
  ['rshared', 'rshared'],
])

function bindMount(name: string, { hostPath, containerPath, type = '', options = [] }: CdiMount): Mount {
  const isBind = options.includes('bind') || options.includes('rbind')
  if (!isBind && type !== '' && type !== 'bind' && type !== 'none') throw refusal(name, `a mount of type ${type}`)
  let [readonly, propagation]: [boolean, Mount['propagation']] = [false, 'private']
  for (const option of options) {
    if (option === 'bind' || option === 'rbind') continue
    const asked = propagations.get(option)
    if (option === 'ro' || option === 'rw') readonly = option === 'ro'
    else if (asked !== undefined) propagation = asked
    else throw refusal(name, `the mount option ${option}`)
  }
  return { hostPath, containerPath, readonly, propagation }
}

/** The device for Docker, which makes it as it is on the host. @throws Error when it is to be another than that */
// container-edits_unix.go fillMissingInfo
export function hostDeviceOf(node: DeviceNode, host: HostDevice): Device {
  const { path, hostPath = path, permissions = '' } = node
  const type = node.type === 'u' ? 'c' : (node.type ?? '')
  if (type !== '' && type !== host.type) {
    throw new Error(`CDI device ("${path}", "${hostPath}"), host type mismatch (${type}, ${host.type})`)
  }
  for (const field of ['major', 'minor', 'fileMode', 'uid', 'gid'] as const) {
    const asked = node[field]
    // without a major number both are the host's
    if (asked === undefined || ((field === 'major' || field === 'minor') && !node.major)) continue
    if (asked !== host[field]) {
      const what = `${field} ${asked} of ${path}, which on the host is ${host[field]},`
      throw new Error(`CDI device injection failed: ${what} cannot be had with Docker`)
    }
  }
  return { hostPath, containerPath: path, permissions: permissions === '' ? 'rwm' : permissions }
}

/** The container with its devices; what these say counts more than what it had in the same place. */
// container-edits.go Apply
export function withEdits(
  config: ContainerConfig,
  { env, mounts, groups }: ResolvedEdits,
  devices: readonly Device[],
): ContainerConfig {
  const names = new Set(env.map(variable))
  const places = new Set(mounts.map((one) => one.containerPath))
  const files = new Set(devices.map((one) => one.containerPath))
  return {
    ...config,
    env: [...config.env.filter((one) => !names.has(variable(one))), ...env],
    mounts: [...config.mounts.filter((one) => !places.has(one.containerPath)), ...mounts],
    devices: [...config.devices.filter((one) => !files.has(one.containerPath)), ...devices],
    security: {
      ...config.security,
      supplementalGroups: [...new Set([...config.security.supplementalGroups, ...groups])],
    },
  }
}

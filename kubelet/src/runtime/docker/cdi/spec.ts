// A CDI file from its text: pure. tags.cncf.io/container-device-interface SPEC.md, pkg/cdi/spec.go
import { isQualifiedName } from '@kubets/shared/machinery/names.ts'
import { parseYaml } from '@kubets/shared/machinery/schema/yaml.ts'
import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'

/** What a device changes of a container. specs-go/config.go ContainerEdits */
export interface ContainerEdits {
  env?: readonly string[]
  deviceNodes?: readonly DeviceNode[]
  mounts?: readonly CdiMount[]
  hooks?: readonly unknown[]
  intelRdt?: object
  netDevices?: readonly unknown[]
  additionalGids?: readonly number[]
}

export interface DeviceNode {
  path: string
  hostPath?: string
  type?: string
  major?: number
  minor?: number
  fileMode?: number
  permissions?: string
  uid?: number
  gid?: number
}

export interface CdiMount {
  hostPath: string
  containerPath: string
  type?: string
  options?: readonly string[]
}

export interface CdiSpec {
  /** `vendor.com/class` */
  kind: string
  devices: readonly { name: string; containerEdits: ContainerEdits }[]
  containerEdits: ContainerEdits
}

// pkg/cdi/version.go validSpecVersions
const versions = new Set(['0.1.0', '0.2.0', '0.3.0', '0.4.0', '0.5.0', '0.6.0', '0.7.0', '0.8.0', '1.0.0', '1.1.0'])

type Check = (value: unknown) => boolean
const isText: Check = (value) => typeof value === 'string'
const isNumber: Check = (value) => typeof value === 'number' && Number.isInteger(value)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
/** An object with these fields alone; the names of those it must have end with `!`. */
const fields = (known: Record<string, Check>): Check => {
  const checks = new Map(Object.entries(known).map(([name, check]) => [name.replace('!', ''), check]))
  const required = Object.keys(known).filter((name) => name.endsWith('!'))
  return (value) =>
    isObject(value) &&
    Object.entries(value).every(([name, one]) => checks.get(name)?.(one) ?? false) &&
    required.every((name) => Boolean(value[name.slice(0, -1)]))
}

const isEdits = fields({
  env: listOf((value) => typeof value === 'string' && value.includes('=')),
  deviceNodes: listOf(
    fields({
      'path!': isText,
      hostPath: isText,
      type: (value) => ['b', 'c', 'u', 'p', ''].includes(value as string),
      major: isNumber,
      minor: isNumber,
      fileMode: isNumber,
      permissions: (value) => typeof value === 'string' && /^[rwm]*$/.test(value),
      uid: isNumber,
      gid: isNumber,
    }),
  ),
  mounts: listOf(fields({ 'hostPath!': isText, 'containerPath!': isText, type: isText, options: listOf(isText) })),
  hooks: listOf(isObject),
  intelRdt: isObject,
  netDevices: listOf(isObject),
  additionalGids: listOf(isNumber),
})

/** What a file says. @throws Error when it is no valid specification */
export function parseCdiSpec(text: string): CdiSpec {
  const { value, problems } = parseYaml(text, true)
  if (problems[0] !== undefined) throw new Error(problems[0])
  if (!isObject(value)) throw new Error('invalid CDI Spec: not an object')
  const { cdiVersion, kind, devices, containerEdits = {}, annotations, ...others } = value
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined) throw new Error(`invalid CDI Spec: unknown field ${JSON.stringify(unknown)}`)
  if (annotations !== undefined && !isObject(annotations)) throw new Error('invalid CDI Spec: invalid annotations')
  if (typeof cdiVersion !== 'string' || !versions.has(cdiVersion.replace(/^v/, ''))) {
    throw new Error(`invalid CDI Spec: invalid version ${JSON.stringify(cdiVersion)}`)
  }
  if (typeof kind !== 'string' || !kind.includes('/') || isQualifiedName(kind).length > 0) {
    throw new Error(`invalid CDI Spec: invalid kind ${JSON.stringify(kind)}`)
  }
  if (!isEdits(containerEdits)) throw new Error('invalid CDI Spec: invalid containerEdits')
  if (!Array.isArray(devices) || devices.length === 0) throw new Error('invalid CDI Spec: no devices')
  const isDevice = fields({ 'name!': isText, annotations: isObject, containerEdits: isEdits })
  const wrong = devices.find((one) => !isDevice(one)) as unknown
  if (wrong !== undefined) throw new Error(`invalid CDI Spec: invalid device ${JSON.stringify(wrong)}`)
  const named = devices as { name: string; containerEdits?: ContainerEdits }[]
  const twice = named.find(({ name }, i) => named.findIndex((one) => one.name === name) !== i)
  if (twice) throw new Error(`invalid CDI Spec: multiple device ${JSON.stringify(twice.name)}`)
  return {
    kind,
    devices: named.map((one) => ({ name: one.name, containerEdits: one.containerEdits ?? {} })),
    containerEdits: containerEdits as ContainerEdits,
  }
}

// The values of a KubeletConfiguration, by where they are, and as the texts of flags.
import { isObject, ownValue, setOwn } from '@kubets/shared/machinery/patch/json-object.ts'
import { formatGoDuration, parseGoDuration } from '@kubets/shared/machinery/schema/go-values.ts'
import type { SchemaNode } from '@kubets/shared/machinery/schema/node.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { leaves, type Leaf } from './fields.ts'

/** A KubeletConfiguration as JSON, without apiVersion and kind. */
export type Configuration = Record<string, unknown>

/** What the configuration says at a path; undefined when it says nothing. */
export function valueAt(config: Configuration, path: readonly string[]): unknown {
  let value: unknown = config
  for (const name of path) value = isObject(value) ? ownValue(value, name) : undefined
  return value
}

/** Says it there; makes the groups on the way. */
export function setAt(config: Configuration, path: readonly string[], value: unknown): void {
  let group: Configuration = config
  for (const name of path.slice(0, -1)) {
    const next = ownValue(group, name)
    if (!isObject(next)) setOwn(group, name, {})
    group = ownValue(group, name) as Configuration
  }
  setOwn(group, path.at(-1) ?? '', value)
}

/** Fills in what nobody said. pkg/kubelet/apis/config/v1beta1/defaults.go SetDefaults_KubeletConfiguration */
export function withDefaults(given: Configuration): Configuration {
  const config = structuredClone(given)
  const report = ownValue(config, 'nodeStatusReportFrequency')
  for (const [path, leaf] of leaves()) {
    const value = valueAt(config, path)
    if (leaf.fallback !== undefined && (value === undefined || isZero(leaf, value))) setAt(config, path, leaf.fallback)
  }
  const update = ownValue(given, 'nodeStatusUpdateFrequency')
  if (update !== undefined && update !== '0s' && (report === undefined || report === '0s')) {
    config['nodeStatusReportFrequency'] = update
  }
  const pulls = ownValue(config, 'maxParallelImagePulls')
  if (ownValue(given, 'serializeImagePulls') === undefined && typeof pulls === 'number' && pulls > 1) {
    config['serializeImagePulls'] = false
  }
  if (Number(config['podPidsLimit']) < 0) config['podPidsLimit'] = -1
  return config
}

/** Whether a value is none, where absent is not told from zero. Strings, numbers and lists are left out so when decoded. */
function isZero({ node, pointer }: Leaf, value: unknown): boolean {
  return (node.type === 'duration' && !pointer && value === '0s') || (node.type === 'any' && nothingIn(value))
}

function nothingIn(value: unknown): boolean {
  if (isObject(value)) return Object.values(value).every(nothingIn)
  return value === '0' || value === 0 || value === '' || value === false || value === '0s'
}

/** Whether a value is the default. */
export function isDefault({ node, fallback }: Leaf, value: unknown): boolean {
  if (node.type === 'any' && typeof fallback === 'number' && typeof value === 'string') {
    try {
      return parseGoDuration(value) === BigInt(fallback)
    } catch {
      return false
    }
  }
  return deepEqual(value, fallback)
}

/** A value as its flag's text. */
export function toText({ node, between }: Leaf, value: unknown): string {
  if (node.type === 'map') {
    const pairs = Object.entries(value as Record<string, unknown>).flatMap(([key, of]) =>
      [of].flat().map((one) => `${key}${between}${String(one)}`),
    )
    return pairs.join(',')
  }
  return Array.isArray(value) ? value.join(',') : String(value)
}

/** A flag's text as the value it stands for; the flag has taken the text. */
export function fromText({ node, between }: Leaf, text: string): unknown {
  const parts = text.split(',').filter((one) => one !== '')
  switch (node.type) {
    case 'bool':
      return isTrue(text)
    case 'int32':
    case 'int64':
    case 'double':
      return Number(text)
    case 'duration':
      return formatGoDuration(parseGoDuration(text))
    case 'list':
      return parts
    case 'map':
      return pairsOf(parts, between, node.value.type)
    default:
      return text
  }
}

const isTrue = (text: string): boolean => /^\s*[1t]/i.test(text)

function pairsOf(parts: readonly string[], between: string, of: SchemaNode['type']): Configuration {
  const map: Configuration = {}
  for (const part of parts) {
    const at = part.indexOf(between)
    const [key, value] = [part.slice(0, at), part.slice(at + between.length)]
    const before = (ownValue(map, key) as string[] | undefined) ?? []
    setOwn(map, key, of === 'list' ? [...before, value] : of === 'bool' ? isTrue(value) : value)
  }
  return map
}

import type {
  ConfigMap,
  Container,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  Pod,
  Secret,
} from '@kubets/shared/api/types/core-v1.ts'
import type { ObjectSource } from '../objects.ts'
import { readWithin } from '../volumes/subpath.ts'
import { findInEnvFile } from './env-file.ts'
import { fieldValue, resourceValue, type NodeAllocatable, type PodAddresses } from './downward.ts'
import { expand } from './expansion.ts'
import type { MountedVolume } from './mounts.ts'
import { linkedServices, serviceEnv } from './service-env.ts'

export interface EnvContext {
  pod: Pod
  container: Container
  addresses: PodAddresses
  allocatable: NodeAllocatable
  objects: ObjectSource
  volume(name: string): MountedVolume | undefined
}

const keyLimit = 128
const valueLimit = 32 * 1024
/** Upstream reads on; no file that a container's variables come from is so large. */
const fileLimit = 1024 * 1024

/** All variables of a container, in order. Throws an Error when something it refers to is missing. */
// pkg/kubelet/kubelet_pods.go makeEnvironmentVariables
export async function containerEnv(context: EnvContext, signal: AbortSignal): Promise<Map<string, string>> {
  const { pod, container, objects } = context
  const namespace = pod.metadata.namespace ?? ''
  const services = serviceEnv(
    linkedServices(objects.services(namespace), objects.services('default'), pod.spec.enableServiceLinks ?? true),
  )
  const env = new Map<string, string>()
  const sources = new Sources(objects, namespace)
  for (const from of container.envFrom ?? []) {
    const values = from.configMapRef
      ? (await sources.configMap(from.configMapRef.name ?? '', from.configMapRef.optional ?? false, signal))?.data
      : from.secretRef
        ? decoded(await sources.secret(from.secretRef.name ?? '', from.secretRef.optional ?? false, signal))
        : undefined
    for (const [key, value] of Object.entries(values ?? {})) {
      const name = (from.prefix ?? '') + key
      // validation.go IsRelaxedEnvVarName: the rest cannot be a variable
      if (name !== '' && !name.includes('=')) env.set(name, value)
    }
  }
  for (const variable of container.env ?? []) {
    const value = await variableValue(context, sources, variable, (name) => env.get(name) ?? services.get(name), signal)
    if (value !== undefined) env.set(variable.name, value)
  }
  for (const [name, value] of services) if (!env.has(name)) env.set(name, value)
  return env
}

async function variableValue(
  context: EnvContext,
  sources: Sources,
  variable: EnvVar,
  known: (name: string) => string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (variable.value) return expand(variable.value, known)
  return variable.valueFrom ? sourceValue(context, sources, variable.valueFrom, signal) : ''
}

async function sourceValue(context: EnvContext, sources: Sources, from: EnvVarSource, signal: AbortSignal) {
  const { pod, container } = context
  if (from.fieldRef) return fieldValue(pod, from.fieldRef.fieldPath, context.addresses)
  if (from.resourceFieldRef) {
    const named = from.resourceFieldRef.containerName
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    const of = named ? all.find((one) => one.name === named) : container
    if (!of) throw new Error(`container ${named ?? ''} not found`)
    return resourceValue(of, from.resourceFieldRef, context.allocatable)
  }
  if (from.configMapKeyRef) {
    const { name = '', key, optional = false } = from.configMapKeyRef
    const value = (await sources.configMap(name, optional, signal))?.data?.[key]
    if (value === undefined && !optional) throw missingKey(key, 'ConfigMap', pod, name)
    return value
  }
  if (from.secretKeyRef) {
    const { name = '', key, optional = false } = from.secretKeyRef
    const value = decoded(await sources.secret(name, optional, signal))?.[key]
    if (value === undefined && !optional) throw missingKey(key, 'Secret', pod, name)
    return value
  }
  if (from.fileKeyRef) return fileValue(context, from.fileKeyRef)
  throw new Error(`unsupported source of a variable: ${Object.keys(from).join(', ')}`)
}

// kubelet_pods.go makeEnvironmentVariables: what is wrong with the file would tell of the node
async function fileValue(context: EnvContext, ref: FileKeySelector): Promise<string | undefined> {
  const { key, path, volumeName, optional = false } = ref
  const volume = context.volume(volumeName)
  if (!volume) throw new Error(`cannot find the volume "${volumeName}" referenced by FileKeyRef`)
  if (key.length > keyLimit)
    throw new Error(`environment variable key "${key}" exceeds maximum length of ${keyLimit} characters`)
  let value: string
  try {
    value = findInEnvFile(await readWithin(volume.path, path, fileLimit), key)
  } catch {
    throw new Error("couldn't parse env file")
  }
  if (Buffer.byteLength(value) > valueLimit)
    throw new Error(`environment variable value for key "${key}" exceeds maximum size of 32KB`)
  if (value === '' && !optional) throw new Error(`environment variable key "${key}" not found in file "${path}"`)
  return value === '' ? undefined : value
}

function missingKey(key: string, kind: string, pod: Pod, name: string): Error {
  return new Error(`couldn't find key ${key} in ${kind} ${pod.metadata.namespace ?? ''}/${name}`)
}

function decoded(secret: Secret | undefined): Record<string, string> | undefined {
  if (!secret) return undefined
  const entries = Object.entries(secret.data ?? {})
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]))
}

/** Reads each ConfigMap and Secret once for one container. */
class Sources {
  readonly #objects: ObjectSource
  readonly #namespace: string
  readonly #configMaps = new Map<string, Promise<ConfigMap | undefined>>()
  readonly #secrets = new Map<string, Promise<Secret | undefined>>()

  constructor(objects: ObjectSource, namespace: string) {
    this.#objects = objects
    this.#namespace = namespace
  }

  async configMap(name: string, optional: boolean, signal: AbortSignal): Promise<ConfigMap | undefined> {
    const asked = this.#configMaps.get(name) ?? this.#objects.configMap(this.#namespace, name, signal)
    this.#configMaps.set(name, asked)
    const found = await asked
    if (!found && !optional) throw new Error(`configmap "${name}" not found`)
    return found
  }

  async secret(name: string, optional: boolean, signal: AbortSignal): Promise<Secret | undefined> {
    const asked = this.#secrets.get(name) ?? this.#objects.secret(this.#namespace, name, signal)
    this.#secrets.set(name, asked)
    const found = await asked
    if (!found && !optional) throw new Error(`secret "${name}" not found`)
    return found
  }
}

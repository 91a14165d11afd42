// What the files of configMap, secret, downwardAPI and projected volumes hold.
// pkg/volume/{configmap,secret,downwardapi,projected}
import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  ServiceAccountTokenProjection,
  Volume,
} from '@kubets/shared/api/types/core-v1.ts'
import { fieldValue, resourceValue, type NodeAllocatable, type PodAddresses } from '../containers/downward.ts'
import type { ObjectSource } from '../objects.ts'
import type { FileContent } from './atomic-writer.ts'
import type { TokenCache } from './tokens.ts'

export interface PayloadContext {
  pod: Pod
  objects: ObjectSource
  tokens: TokenCache
  addresses: PodAddresses
  allocatable: NodeAllocatable
}

const defaultMode = 0o644

/** The files of a volume of one of the four kinds; undefined for the others. Throws when a source is missing. */
export async function volumePayload(
  context: PayloadContext,
  volume: Volume,
  signal: AbortSignal,
): Promise<Map<string, FileContent> | undefined> {
  const { objects, pod } = context
  const namespace = pod.metadata.namespace ?? ''
  if (volume.configMap) {
    const { name = '', items, optional = false, defaultMode: mode = defaultMode } = volume.configMap
    const found = await objects.configMap(namespace, name, signal)
    if (!found && !optional) throw new Error(`configmap "${name}" not found`)
    return select(configMapFiles(found), items, mode, optional, `configmap references non-existent config key`)
  }
  if (volume.secret) {
    const { secretName = '', items, optional = false, defaultMode: mode = defaultMode } = volume.secret
    const found = await objects.secret(namespace, secretName, signal)
    if (!found && !optional) throw new Error(`secret "${secretName}" not found`)
    return select(secretFiles(found), items, mode, optional, `references non-existent secret key`)
  }
  if (volume.downwardAPI) {
    return downwardFiles(context, volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode ?? defaultMode)
  }
  return volume.projected ? projectedFiles(context, volume, signal) : undefined
}

async function projectedFiles(context: PayloadContext, volume: Volume, signal: AbortSignal) {
  const { objects, pod } = context
  const namespace = pod.metadata.namespace ?? ''
  const mode = volume.projected?.defaultMode ?? defaultMode
  const files = new Map<string, FileContent>()
  for (const source of volume.projected?.sources ?? []) {
    const { configMap, secret, downwardAPI, serviceAccountToken } = source
    let part = new Map<string, FileContent>()
    if (configMap) {
      const found = await objects.configMap(namespace, configMap.name ?? '', signal)
      if (!found && !configMap.optional) throw new Error(`configmap "${configMap.name ?? ''}" not found`)
      const missing = 'configmap references non-existent config key'
      part = select(configMapFiles(found), configMap.items, mode, configMap.optional ?? false, missing)
    } else if (secret) {
      const found = await objects.secret(namespace, secret.name ?? '', signal)
      if (!found && !secret.optional) throw new Error(`secret "${secret.name ?? ''}" not found`)
      const missing = 'references non-existent secret key'
      part = select(secretFiles(found), secret.items, mode, secret.optional ?? false, missing)
    } else if (downwardAPI) part = downwardFiles(context, downwardAPI.items ?? [], mode)
    else if (serviceAccountToken) part = await tokenFile(context, serviceAccountToken, mode, signal)
    else throw new Error(`projected source ${Object.keys(source).join(', ')} is not supported`)
    for (const [name, content] of part) files.set(name, content)
  }
  return files
}

function configMapFiles(configMap: ConfigMap | undefined): Map<string, Buffer> {
  const text = Object.entries(configMap?.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const)
  const binary = Object.entries(configMap?.binaryData ?? {})
  return new Map([...text, ...binary.map(([key, value]) => [key, Buffer.from(value, 'base64')] as const)])
}

function secretFiles(secret: Secret | undefined): Map<string, Buffer> {
  return new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')] as const))
}

function select(
  files: ReadonlyMap<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean,
  missing: string,
): Map<string, FileContent> {
  if (!items || items.length === 0) return new Map([...files].map(([name, data]) => [name, { data, mode }]))
  const chosen = new Map<string, FileContent>()
  for (const item of items) {
    const data = files.get(item.key)
    if (data) chosen.set(item.path, { data, mode: item.mode ?? mode })
    else if (!optional) throw new Error(`${missing}: ${item.key}`)
  }
  return chosen
}

function downwardFiles(
  context: PayloadContext,
  items: readonly DownwardAPIVolumeFile[],
  mode: number,
): Map<string, FileContent> {
  const { pod } = context
  const files = new Map<string, FileContent>()
  for (const item of items) {
    let text = ''
    if (item.fieldRef) text = fieldValue(pod, item.fieldRef.fieldPath, context.addresses)
    else if (item.resourceFieldRef) {
      const name = item.resourceFieldRef.containerName ?? ''
      const container = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((one) => one.name === name)
      if (!container) throw new Error(`container ${name} not found`)
      text = resourceValue(container, item.resourceFieldRef, context.allocatable)
    }
    files.set(item.path, { data: Buffer.from(text), mode: item.mode ?? mode })
  }
  return files
}

async function tokenFile(
  context: PayloadContext,
  projection: ServiceAccountTokenProjection,
  mode: number,
  signal: AbortSignal,
): Promise<Map<string, FileContent>> {
  const { pod } = context
  const { token } = await context.tokens.get(
    {
      namespace: pod.metadata.namespace ?? '',
      serviceAccount: pod.spec.serviceAccountName ?? 'default',
      audience: projection.audience,
      expirationSeconds: projection.expirationSeconds ?? 3600,
      pod: { name: pod.metadata.name ?? '', uid: pod.metadata.uid ?? '' },
    },
    signal,
  )
  const uid = commonUser(pod)
  // pkg/volume/projected/projected.go collectData: readable by the one who needs it alone, where that is known
  const narrowed = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined
  const content = { data: Buffer.from(token), mode: narrowed ? 0o600 : mode, ...(uid === undefined ? {} : { uid }) }
  return new Map([[projection.path, content]])
}

/** The user all containers run as, when the spec names it. */
function commonUser(pod: Pod): number | undefined {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const users = new Set(
    containers.map((container) => container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser),
  )
  return users.size === 1 ? [...users][0] : undefined
}

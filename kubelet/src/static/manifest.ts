// A static Pod from its manifest: pure. pkg/kubelet/config/common.go
import { createHash } from 'node:crypto'
import { pod as podKind } from '@kubets/shared/api/kinds/core/pods/kind.ts'
import { validateCreate } from '@kubets/shared/api/kinds/strategy.ts'
import { apiReference } from '@kubets/shared/api/pod-references.ts'
import { schemaFor } from '@kubets/shared/api/schemas.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { errorText } from '@kubets/shared/machinery/fieldpath.ts'
import { objectIn } from '@kubets/shared/machinery/schema/body.ts'
import { decodeObject } from '@kubets/shared/machinery/schema/decode.ts'
import { parseYaml } from '@kubets/shared/machinery/schema/yaml.ts'

/** Where a manifest came from: the path of a file, or a URL. */
export interface Origin {
  readonly kind: 'file' | 'http'
  readonly place: string
  readonly nodeName: string
}

// pkg/kubelet/types/pod_update.go
export const annotations = {
  source: 'kubernetes.io/config.source',
  hash: 'kubernetes.io/config.hash',
  seen: 'kubernetes.io/config.seen',
  mirror: 'kubernetes.io/config.mirror',
} as const

/** A text is no Pod at all, as against one that cannot be. */
export class NoPodError extends Error {}

/**
 * The Pod of a manifest as it runs on this node, with defaults, its own name and its uid.
 * @throws NoPodError when the text is no Pod, Error when it is one that cannot run so
 */
// tryDecodeSinglePod
export function staticPod(text: string, origin: Origin): Pod {
  return prepared(decoded(text, 'Pod') as unknown as Pod, origin)
}

/** As staticPod, for a list of Pods. */
// tryDecodePodList
export function staticPods(text: string, origin: Origin): Pod[] {
  const { items } = decoded(text, 'PodList') as unknown as { items?: Pod[] }
  return (items ?? []).map((one) => prepared({ ...one, apiVersion: 'v1', kind: 'Pod' }, origin))
}

function decoded(text: string, kind: string): object {
  try {
    const { value } = objectIn(parseYaml(text, false))
    const document = value as Record<string, unknown>
    const said = (name: string): string => (typeof document[name] === 'string' ? document[name] : '')
    if (said('kind') === '') throw new Error(`Object 'Kind' is missing in '${summary(text)}'`)
    if (said('apiVersion') === '') throw new Error(`Object 'apiVersion' is missing in '${summary(text)}'`)
    if (said('apiVersion') !== 'v1' || said('kind') !== kind) {
      const what = `${JSON.stringify(said('kind'))} in version ${JSON.stringify(said('apiVersion'))}`
      throw new Error(`${what} is no v1 ${kind}`)
    }
    return decodeObject(schemaFor('', 'v1', kind), document, 'Ignore').object
  } catch (error) {
    throw new NoPodError((error as Error).message)
  }
}

const longest = 200
const summary = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}...` : text.trim())

// applyDefaults
function prepared(given: Pod, origin: Origin): Pod {
  if (!given.metadata?.name) throw new Error('invalid pod: name is needed for the pod')
  const pod: Pod = { ...given, metadata: { ...given.metadata }, spec: { ...given.spec } }
  podKind.defaults?.(pod)
  const { nodeName, place, kind } = origin
  const uid = pod.metadata.uid ?? hash(pod, kind === 'file' ? `host:${nodeName}file:${place}` : `url:${place}`)
  const { metadata, spec } = pod
  metadata.uid = uid
  metadata.name = `${metadata.name ?? ''}-${nodeName.toLowerCase()}`
  metadata.namespace ||= 'default'
  metadata.annotations = { ...metadata.annotations, [annotations.hash]: uid, [annotations.source]: kind }
  spec.nodeName = nodeName
  if (kind === 'file') spec.tolerations = withToleration(spec.tolerations)
  pod.status = { phase: 'Pending' }
  const errors = validateCreate(podKind, pod)
  if (errors.length > 0) throw new Error(`invalid pod: [${errors.map(errorText).join(' ')}]`)
  const resource = apiReference(pod)
  if (resource !== undefined) throw new Error(`static pods may not reference ${resource}`)
  return pod
}

// it stays when there are problems with the node. helper.AddOrUpdateTolerationInPod
function withToleration(before: Pod['spec']['tolerations'] = []): NonNullable<Pod['spec']['tolerations']> {
  const has = before.some(({ key, operator, effect }) => !key && operator === 'Exists' && effect === 'NoExecute')
  return has ? [...before] : [...before, { operator: 'Exists', effect: 'NoExecute' }]
}

function hash(pod: Pod, where: string): string {
  return createHash('sha256').update(stable(pod)).update(where).digest('hex').slice(0, 32)
}

/** JSON in which the order of the keys does not matter. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )
}

import { posix } from 'node:path'
import type { PersistentVolume, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import { placeOf, type Place } from './volume.ts'

/** What a helper Pod does to the folder of a volume. */
export type Action = 'create' | 'delete'

/** There in every cluster, and not a user's. */
export const helperNamespace = 'kube-system'

// rancher/local-path-provisioner provisioner.go defaultCmdTimeoutSeconds
const limitSeconds = 120

// any user of the Pod may write, as the folder is theirs alone
const commands: Readonly<Record<Action, readonly string[]>> = {
  create: ['mkdir', '-m', '0777', '-p'],
  delete: ['rm', '-rf'],
}

export const helperName = (action: Action, volume: string): string => `helper-pod-${action}-${volume}`

/** The volume that a Pod helps with; undefined for other Pods. */
export const volumeOfHelper = ({ metadata }: Pod): string | undefined =>
  metadata.namespace === helperNamespace
    ? /^helper-pod-(?:create|delete)-(pvc-.+)$/.exec(metadata.name ?? '')?.[1]
    : undefined

/** The Pod that makes or removes the folder on its node. Throws when the path is none that may be touched. */
// rancher/local-path-provisioner provisioner.go createHelperPod
export function helperPod(action: Action, volume: string, { node, path }: Place, image: string): Pod {
  const parent = posix.dirname(path)
  if (!posix.isAbsolute(path)) throw new Error(`volume path ${path} is not absolute`)
  if (parent === '/')
    throw new Error(
      `invalid path ${action} for ${path}: cannot find parent dir or volume dir or parent dir is relative`,
    )
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: helperName(action, volume), namespace: helperNamespace },
    spec: {
      nodeName: node,
      restartPolicy: 'Never',
      // it talks to nobody: no network has to be made for it, nor a token
      hostNetwork: true,
      automountServiceAccountToken: false,
      // the data are there, whatever is wrong with the node
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'helper-pod',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: [...commands[action], path],
          terminationMessagePolicy: 'FallbackToLogsOnError',
          volumeMounts: [{ name: 'data', mountPath: parent }],
        },
      ],
      volumes: [{ name: 'data', hostPath: { path: parent, type: 'DirectoryOrCreate' } }],
    },
  }
}

/** On the helper that makes a folder: the volume that there will be, whatever becomes of claim and class meanwhile. */
const volumeToMake = 'local.path.provisioner/volume'

/** The Pod that makes the folder of a volume, and tells any leader what volume that is. Throws as helperPod does. */
export function makingPod(volume: PersistentVolume, image: string): Pod {
  const pod = helperPod('create', volume.metadata.name ?? '', placeOf(volume), image)
  return { ...pod, metadata: { ...pod.metadata, annotations: { [volumeToMake]: JSON.stringify(volume) } } }
}

/** The volume whose folder a helper makes; undefined when it does not say. */
export function volumeOfMaking({ metadata }: Pod): PersistentVolume | undefined {
  try {
    const volume = JSON.parse(metadata.annotations?.[volumeToMake] ?? '') as PersistentVolume
    return helperName('create', volume.metadata.name ?? '') === metadata.name ? volume : undefined
  } catch {
    return undefined
  }
}

/** How far a helper Pod is: for how long it may still go on, that it is done, or why it failed. */
type Outcome = { readonly runsForMs: number } | 'done' | { readonly failed: string }

export function outcomeOf({ metadata, status }: Pod, now: number): Outcome {
  if (status?.phase === 'Succeeded') return 'done'
  if (status?.phase === 'Failed') {
    const said = status.containerStatuses?.[0]?.state?.terminated?.message ?? status.message ?? status.reason ?? ''
    return { failed: `helper pod ${metadata.name ?? ''} failed: ${said.trim()}` }
  }
  const runsForMs = parseTime(metadata.creationTimestamp ?? '') + limitSeconds * 1000 - now
  if (runsForMs > 0) return { runsForMs }
  return { failed: `create process timeout after ${limitSeconds} seconds` }
}

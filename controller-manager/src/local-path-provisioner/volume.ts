import { posix } from 'node:path'
import { newestDefault } from '@kubets/shared/api/newest-default.ts'
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeSource,
} from '@kubets/shared/api/types/core-v1.ts'
import type { StorageClass } from '@kubets/shared/api/types/storage-v1.ts'
import { claimClass, defaultClassMarks, provisionedBy } from '@kubets/shared/api/volume-binding.ts'
import { folderOf } from './path-pattern.ts'

export const provisioner = 'rancher.io/local-path'
export const className = 'local-path'
/** On a volume: the node that its folder is on. */
const nodeOfVolume = 'local.path.provisioner/selected-node'
const hostname = 'kubernetes.io/hostname'

/** The class as k3s brings it; claims that name none get it, unless there is another one for them. */
// k3s-io/k3s manifests/local-storage.yaml
export const localPathClass = (others: readonly StorageClass[]): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name: className,
    annotations: {
      // unlike a hostPath, a local volume is given to the group that a Pod says, and is never made anew without its data
      defaultVolumeType: 'local',
      ...(newestDefault(others, ...defaultClassMarks) === undefined ? { [defaultClassMarks[0]]: 'true' } : {}),
    },
  },
  provisioner,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
})

// sig-storage-lib-external-provisioner controller/controller.go getProvisionedVolumeNameForClaim
export const volumeNameOf = ({ metadata }: PersistentVolumeClaim): string => `pvc-${metadata.uid ?? ''}`

const accessModes = ['ReadWriteOnce', 'ReadWriteOncePod']

/** The volume for a claim whose Pod goes to the node, in a folder below `dir`. Throws why there can be none. */
// rancher/local-path-provisioner provisioner.go provisionFor
export function makeVolume(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  node: Node | undefined,
  dir: string,
): PersistentVolume {
  const { metadata, spec } = claim
  const { parameters = {} } = storageClass
  if (spec.selector !== undefined) throw new Error('claim.Spec.Selector is not supported')
  if (!spec.accessModes?.every((mode) => accessModes.includes(mode)))
    throw new Error('NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes')
  if (node === undefined) throw new Error('configuration error, no node was specified')
  const nodeName = node.metadata.name ?? ''
  checkParameters(parameters, nodeName, dir)
  const name = volumeNameOf(claim)
  const { namespace = '', name: claimName = '', uid, resourceVersion } = metadata
  const type = metadata.annotations?.['volumeType'] ?? storageClass.metadata.annotations?.['defaultVolumeType']
  const unsafe = parameters['allowUnsafePathPattern'] ?? storageClass.metadata.annotations?.['allowUnsafePathPattern']
  const pattern = parameters['pathPattern']
  const folder =
    pattern === undefined ? `${name}_${namespace}_${claimName}` : folderOf(pattern, claim, { volumeName: name, unsafe })
  const onNode = { key: hostname, operator: 'In', values: [node.metadata.labels?.[hostname] ?? nodeName] }
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { [nodeOfVolume]: nodeName, [provisionedBy]: provisioner } },
    spec: {
      accessModes: spec.accessModes,
      capacity: { storage: spec.resources?.requests?.['storage'] ?? '0' },
      claimRef: { kind: 'PersistentVolumeClaim', namespace, name: claimName, uid, apiVersion: 'v1', resourceVersion },
      ...sourceOf(type ?? 'hostPath', posix.join(dir, folder)),
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
      storageClassName: claimClass(claim),
      volumeMode: 'Filesystem',
    },
  }
}

const knownParameters: ReadonlySet<string> = new Set(['nodePath', 'pathPattern', 'allowUnsafePathPattern'])

/** There is one folder for volumes on every node. */
function checkParameters(parameters: Readonly<Record<string, string>>, node: string, dir: string): void {
  for (const name of Object.keys(parameters))
    if (!knownParameters.has(name)) throw new Error(`StorageClass parameter ${JSON.stringify(name)} is not supported`)
  const { nodePath = dir } = parameters
  if (nodePath !== dir) throw new Error(`config doesn't contain path ${nodePath} on node ${node}`)
}

// rancher/local-path-provisioner provisioner.go createPersistentVolumeSource
function sourceOf(type: string, path: string): PersistentVolumeSource {
  switch (type.toLowerCase()) {
    case 'local':
      return { local: { path } }
    case 'hostpath':
      return { hostPath: { path, type: 'DirectoryOrCreate' } }
    default:
      throw new Error(`failed to create persistent volume source: "${type}" is not a recognised volume type`)
  }
}

/** Where the data of a volume are. */
export interface Place {
  readonly node: string
  readonly path: string
}

/** Where the data of a volume are. Throws when it does not say so. */
// rancher/local-path-provisioner provisioner.go getPathAndNodeForPV, createHelperPod
export function placeOf({ metadata, spec }: PersistentVolume): Place {
  if ((spec.hostPath === undefined) === (spec.local === undefined)) throw new Error('no path set')
  const path = posix.normalize(spec.hostPath?.path ?? spec.local?.path ?? '').replace(/\/$/, '')
  if (spec.nodeAffinity === undefined) throw new Error('no NodeAffinity set')
  if (spec.nodeAffinity.required === undefined) throw new Error('no NodeAffinity.Required set')
  const places = spec.nodeAffinity.required.nodeSelectorTerms
    .flatMap(({ matchExpressions = [] }) => matchExpressions)
    .find(({ key, operator }) => key === hostname && operator === 'In')?.values
  if (places !== undefined && places.length !== 1) throw new Error('multiple values for the node affinity')
  // what the affinity says is a label of the node, which may differ from its name
  const node = metadata.annotations?.[nodeOfVolume] ?? places?.[0]
  if (!node) throw new Error('cannot find affinited node')
  return { node, path }
}

import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { StorageClass } from '@kubets/shared/api/types/storage-v1.ts'
import {
  bindCompleted,
  claimClass,
  findVolume,
  isDelayed,
  notMadeFor,
  selectedNode,
} from '@kubets/shared/api/volume-binding.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { selectorOrNothing } from '../cache/pod-info.ts'
import { unresolvable, type Rejection } from '../framework/plugin.ts'
import { isReachable, usedClaims, type VolumeObjects } from './objects.ts'

/** A Pod's claims by what is left to do for them. */
export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[]
  /** Their volumes are chosen or made for the Pod's node. */
  readonly delayed: readonly PersistentVolumeClaim[]
}

/** What is to be done for a Pod's claims when it gets a node. */
export interface PodVolumes {
  readonly bindings: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[]
  /** Claims whose volumes are to be made. */
  readonly provisions: readonly PersistentVolumeClaim[]
}

const noVolume = "node(s) didn't find available persistent volumes to bind"
const unreachable = 'node(s) had volume node affinity conflict'
const noSpace = 'node(s) did not have enough free storage'
const lostVolume = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'
/** Of classes whose volumes are made by hand. */
const noProvisioner = 'kubernetes.io/no-provisioner'

const isBound = ({ metadata, spec }: PersistentVolumeClaim): boolean =>
  Boolean(spec?.volumeName) && metadata.annotations?.[bindCompleted] !== undefined

/** Sorts a Pod's claims; undefined: it has none. A rejection, when one of them is of no use to any node. */
// pkg/scheduler/framework/plugins/volumebinding/volume_binding.go PreFilter
export function claimsOf(pod: Pod, objects: VolumeObjects): PodClaims | Rejection | undefined {
  const used = usedClaims(pod)
  if (used.length === 0) return undefined
  const claims: PersistentVolumeClaim[] = []
  for (const { name, key, ephemeral } of used) {
    const claim = objects.claim(key)
    const quoted = JSON.stringify(name)
    if (!claim) {
      return unresolvable(
        ephemeral
          ? `waiting for ephemeral volume controller to create the persistentvolumeclaim ${quoted}`
          : `persistentvolumeclaim ${quoted} not found`,
      )
    }
    if (claim.status?.phase === 'Lost') {
      const lost = JSON.stringify(claim.spec?.volumeName ?? '')
      return unresolvable(`persistentvolumeclaim ${quoted} bound to non-existent persistentvolume ${lost}`)
    }
    if (claim.metadata.deletionTimestamp) return unresolvable(`persistentvolumeclaim ${quoted} is being deleted`)
    const notMade = ephemeral ? notMadeFor(pod, claim) : undefined
    if (notMade !== undefined) return unresolvable(notMade)
    claims.push(claim)
  }
  const unbound = claims.filter((claim) => !isBound(claim))
  const waits = ({ spec }: PersistentVolumeClaim, found: StorageClass | undefined) =>
    isDelayed(found) && !spec?.volumeName
  if (!unbound.every((claim) => waits(claim, objects.storageClass(claimClass(claim))))) {
    return unresolvable('pod has unbound immediate PersistentVolumeClaims')
  }
  return { bound: claims.filter(isBound), delayed: unbound }
}

/** What is to be done for the claims on this node; a rejection when it cannot have their volumes. */
// pkg/scheduler/framework/plugins/volumebinding/binder.go FindPodVolumes
export function findVolumes({ bound, delayed }: PodClaims, node: Node, objects: VolumeObjects): PodVolumes | Rejection {
  const reasons: string[] = []
  for (const { spec } of bound) {
    const volume = objects.volume(spec?.volumeName ?? '')
    if (volume && isReachable(volume, node.metadata.labels)) continue
    reasons.push(volume ? unreachable : lostVolume)
    break
  }
  const chosen = (claim: PersistentVolumeClaim): string | undefined => claim.metadata.annotations?.[selectedNode]
  const elsewhere = delayed.some((claim) => chosen(claim) !== undefined && chosen(claim) !== node.metadata.name)
  const found = elsewhere
    ? undefined
    : matchVolumes(
        delayed.filter((claim) => chosen(claim) === undefined),
        node,
        objects,
      )
  const provisions = [...delayed.filter((claim) => chosen(claim) !== undefined), ...(found?.unmatched ?? [])]
  const obstacle = elsewhere ? noVolume : provisionObstacle(provisions, node, objects)
  if (obstacle) reasons.push(obstacle)
  // upstream names them in this order
  const order = [unreachable, noVolume, noSpace, lostVolume]
  if (reasons.length > 0) return unresolvable(...order.filter((reason) => reasons.includes(reason)))
  return { bindings: found?.bindings ?? [], provisions }
}

/** Gives each claim a volume that is there, the smallest claim first; none twice. */
// pkg/scheduler/framework/plugins/volumebinding/binder.go findMatchingVolumes
function matchVolumes(claims: readonly PersistentVolumeClaim[], node: Node, objects: VolumeObjects) {
  const size = ({ spec }: PersistentVolumeClaim) => parseQuantity(spec?.resources?.requests?.['storage'] ?? '0')
  const taken = new Set<string>()
  const bindings: { claim: PersistentVolumeClaim; volume: PersistentVolume }[] = []
  const unmatched: PersistentVolumeClaim[] = []
  const volumes = claims.length > 0 ? objects.volumes() : []
  const reachable = (volume: PersistentVolume): boolean => isReachable(volume, node.metadata.labels)
  for (const claim of claims.toSorted((a, b) => size(a).cmp(size(b)))) {
    const volume = findVolume(claim, volumes, { onlyBound: false, reachable, taken })
    if (volume) {
      taken.add(volume.metadata.name ?? '')
      bindings.push({ claim, volume })
    } else {
      unmatched.push(claim)
    }
  }
  return { bindings, unmatched }
}

/** Why volumes cannot be made for these claims where the node is; undefined: they can. */
// pkg/scheduler/framework/plugins/volumebinding/binder.go checkVolumeProvisions
function provisionObstacle(claims: readonly PersistentVolumeClaim[], node: Node, objects: VolumeObjects) {
  for (const claim of claims) {
    const found = objects.storageClass(claimClass(claim))
    if (!found || found.provisioner === '' || found.provisioner === noProvisioner) return noVolume
    if (!allows(found, node)) return noVolume
    if (!hasSpace(claim, found, node, objects)) return noSpace
  }
  return undefined
}

// pkg/apis/core/v1/helper/helpers.go MatchTopologySelectorTerms
function allows({ allowedTopologies = [] }: StorageClass, { metadata: { labels = {} } }: Node): boolean {
  if (allowedTopologies.length === 0) return true
  return allowedTopologies.some(
    ({ matchLabelExpressions: wanted = [] }) =>
      wanted.length > 0 && wanted.every(({ key, values }) => values.includes(labels[key] ?? '')),
  )
}

/** Whether the driver, where it says how much it has, has enough that the node can reach. */
// pkg/scheduler/framework/plugins/volumebinding/binder.go hasEnoughCapacity
function hasSpace({ spec }: PersistentVolumeClaim, storageClass: StorageClass, node: Node, objects: VolumeObjects) {
  const wanted = spec?.resources?.requests?.['storage']
  if (wanted === undefined || !objects.driver(storageClass.provisioner)?.spec.storageCapacity) return true
  const bytes = parseQuantity(wanted)
  return objects.capacities().some(({ storageClassName, maximumVolumeSize, capacity, nodeTopology }) => {
    const limit = maximumVolumeSize ?? capacity
    if (storageClassName !== storageClass.metadata.name || limit === undefined || !nodeTopology) return false
    return parseQuantity(limit).cmp(bytes) >= 0 && selectorOrNothing(nodeTopology).matches(node.metadata.labels ?? {})
  })
}

import { stat } from 'node:fs/promises'
import { claimNameOf, notMadeFor } from '@kubets/shared/api/volume-binding.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@kubets/shared/api/types/core-v1.ts'
import { linkDevice } from '../csi/block.ts'
import { podDevice } from '../csi/paths.ts'
import type { ObjectSource } from '../objects.ts'
import { VolumeError } from './errors.ts'
import { prepareHostPath } from './host-path.ts'
import type { LocalDisks } from './local.ts'
import { setUpNfs } from './nfs.ts'
import { setOwnership } from './ownership.ts'
import { podVolumeNames } from './used.ts'

/** The claim of a Pod's volume, and the volume that it is bound to. Throws why there is none that may be used (yet). */
// pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go createVolumeSpec
export async function persistentVolumeOf(
  pod: Pod,
  volume: Volume,
  objects: ObjectSource,
  signal: AbortSignal,
): Promise<{ claim: PersistentVolumeClaim; volume: PersistentVolume }> {
  const { namespace = '' } = pod.metadata
  const name = claimNameOf(pod, volume) ?? ''
  const problem = (what: string): Error => new Error(`error processing PVC ${namespace}/${name}: ${what}`)
  const claim = await objects.claim(namespace, name, signal)
  if (claim === undefined)
    throw problem(`failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found`)
  const why = notUsable(pod, volume, claim)
  if (why !== undefined) throw problem(why)
  const { volumeName = '' } = claim.spec
  const found = await objects.persistentVolume(volumeName, signal)
  if (found === undefined)
    throw problem(`failed to fetch PV ${volumeName} from API server: persistentvolumes "${volumeName}" not found`)
  const { claimRef, volumeMode } = found.spec
  if (claimRef?.uid !== claim.metadata.uid)
    throw problem(
      `found PV object "${volumeName}" with a pv.Spec.ClaimRef.UID "${claimRef?.uid ?? ''}" that does not point to claim with UID "${claim.metadata.uid ?? ''}"`,
    )
  const { mounts, devices } = podVolumeNames(pod)
  const [wrong, where] = volumeMode === 'Block' ? [mounts, 'volumeMounts'] : [devices, 'volumeDevices']
  if (wrong.has(volume.name))
    throw problem(`volume ${volume.name} has volumeMode ${volumeMode ?? 'Filesystem'}, but is specified in ${where}`)
  return { claim, volume: found }
}

// pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go getPVCExtractPV
function notUsable(pod: Pod, volume: Volume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.ephemeral) {
    const why = notMadeFor(pod, claim)
    if (why !== undefined) return why
  }
  if (claim.metadata.deletionTimestamp !== undefined) return 'PVC is being deleted'
  return claim.status?.phase === 'Bound' && claim.spec.volumeName ? undefined : 'PVC is not bound'
}

/** Makes the volume ready on this node and says where it is. Throws a VolumeError when it cannot be had here. */
export async function setUpPersistent(
  podDir: string,
  disks: LocalDisks,
  pod: Pod,
  volume: PersistentVolume,
  readonly: boolean,
  signal: AbortSignal,
): Promise<string> {
  const { hostPath, local, nfs, mountOptions } = volume.spec
  const failed = (operation: string, why: string): Error =>
    new VolumeError(`MountVolume.${operation}`, volume.metadata.name ?? '', why)
  if (hostPath !== undefined) {
    await prepareHostPath(hostPath.path, hostPath.type ?? '').catch((error: unknown) => {
      throw failed('SetUp', (error as Error).message)
    })
    return hostPath.path
  }
  if (local !== undefined) {
    const place = (await disks.setUp(pod.metadata.uid ?? '', volume, readonly, signal)) ?? local.path
    const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {}
    if (fsGroup !== undefined && !readonly) await setOwnership(place, fsGroup, fsGroupChangePolicy)
    return place
  }
  if (nfs !== undefined) {
    const mount = { name: volume.metadata.name ?? '', source: nfs, readonly, mountOptions: mountOptions ?? [] }
    return setUpNfs(podDir, mount, signal)
  }
  const kind = sources.find((source) => source in volume.spec) ?? 'unknown'
  throw failed('SetUp', `volume kind ${kind} is not supported`)
}

/** Links the device that the volume is into the Pod's folder, and says where. Throws a VolumeError when it is no device. */
// pkg/volume/local/local.go SetUpDevice, MapPodDevice
export async function mapPersistent(rootDir: string, podUid: string, volume: PersistentVolume): Promise<string> {
  const name = volume.metadata.name ?? ''
  const { local } = volume.spec
  if (local === undefined)
    throw new VolumeError('MapVolume.FindMapperPluginBySpec', name, 'no block volume plugin matched')
  const found = await stat(local.path).catch(() => undefined)
  if (found === undefined) throw new VolumeError('MapVolume.SetUpDevice', name, `path "${local.path}" does not exist`)
  const link = podDevice(rootDir, podUid, name, 'kubernetes.io~local-volume')
  await linkDevice(link, local.path)
  return link
}

/** The other kinds a PersistentVolume may be of, to name what is refused. */
const sources = ['iscsi', 'fc', 'rbd', 'cephfs', 'glusterfs', 'flexVolume', 'awsElasticBlockStore', 'gcePersistentDisk', 'azureDisk', 'azureFile', 'cinder', 'vsphereVolume', 'portworxVolume', 'photonPersistentDisk', 'quobyte', 'scaleIO', 'storageos', 'flocker'] // prettier-ignore

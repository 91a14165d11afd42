import type { CSIDriver } from '@kubets/shared/api/types/storage-v1.ts'
import type { ContainerStatus, Node, PersistentVolume, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isPodTerminal } from '@kubets/shared/api/pod.ts'

// pkg/volume/util/util.go ControllerManagedAttachAnnotation, KeepTerminatedPodVolumesAnnotation
const managed = 'volumes.kubernetes.io/controller-managed-attach-detach'
const keepsTerminated = 'volumes.kubernetes.io/keep-terminated-pod-volumes'

/** Whether the node's kubelet leaves attaching to this controller. */
// pkg/controller/volume/attachdetach/attach_detach_controller.go addNodeToDswp
export const isManaged = ({ metadata }: Node): boolean => metadata.annotations?.[managed] !== undefined

/** Whether volumes of the driver have to be attached before a node can mount them. */
// pkg/volume/csi/csi_plugin.go skipAttach
export const needsAttach = (driver: CSIDriver | undefined): boolean => driver?.spec.attachRequired !== false

/** Whether several nodes may have the volume at once; without any access mode its driver has to know. */
// pkg/controller/volume/attachdetach/util/util.go IsMultiAttachAllowed
export const mayBeOnSeveralNodes = ({ spec }: PersistentVolume): boolean => {
  const modes = spec.accessModes ?? []
  return modes.length === 0 || modes.includes('ReadWriteMany') || modes.includes('ReadOnlyMany')
}

/** Whether the Pod, which is on the node, needs its volumes there. */
// pkg/controller/volume/attachdetach/util/util.go DetermineVolumeAction
export const needsVolumes = (pod: Pod, node: Node): boolean =>
  !isTerminated(pod) || node.metadata.annotations?.[keepsTerminated] === 'true'

// pkg/volume/util/util.go IsPodTerminated
const isTerminated = (pod: Pod): boolean =>
  isPodTerminal(pod) ||
  (pod.metadata.deletionTimestamp !== undefined && (pod.status?.containerStatuses ?? []).every(doesNotRun))

const doesNotRun = ({ state }: ContainerStatus): boolean =>
  state?.terminated !== undefined || state?.waiting !== undefined

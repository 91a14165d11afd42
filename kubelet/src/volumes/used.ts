import type { Pod, Volume } from '@kubets/shared/api/types/core-v1.ts'

/** The names of the volumes that the Pod's containers of every kind mount, and of those they have as devices. */
// pkg/volume/util/util.go GetPodVolumeNames
export function podVolumeNames({ spec }: Pod): { mounts: Set<string>; devices: Set<string> } {
  const { initContainers = [], containers, ephemeralContainers = [] } = spec
  const all = [...initContainers, ...containers, ...ephemeralContainers]
  const mounts = all.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name))
  const devices = all.flatMap(({ volumeDevices = [] }) => volumeDevices.map(({ name }) => name))
  return { mounts: new Set(mounts), devices: new Set(devices) }
}

/** The Pod's volumes that a container has. Nobody misses the others: they are not set up. */
// pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go processPodVolumes
export function usedVolumes(pod: Pod): Volume[] {
  const { mounts, devices } = podVolumeNames(pod)
  return (pod.spec.volumes ?? []).filter(({ name }) => mounts.has(name) || devices.has(name))
}

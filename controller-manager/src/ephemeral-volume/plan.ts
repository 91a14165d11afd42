import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolumeClaim, Pod, Volume } from '@kubets/shared/api/types/core-v1.ts'
import { claimNameOf, notMadeFor } from '@kubets/shared/api/volume-binding.ts'
import { newControllerRef } from '@kubets/shared/machinery/object.ts'

/** What a Pod's volume needs: its claim made, or nothing, or there is one of that name which is not the Pod's. */
export type EphemeralPlan = { readonly create: PersistentVolumeClaim } | { readonly problem: string } | undefined

/** The claim of an ephemeral volume; `found` is the one of its name, if there is any. */
// pkg/controller/volume/ephemeral/controller.go handleVolume
export function planVolume(pod: Pod, volume: Volume, found: PersistentVolumeClaim | undefined): EphemeralPlan {
  const template = volume.ephemeral?.volumeClaimTemplate
  if (template === undefined) return undefined
  if (found !== undefined) {
    const problem = notMadeFor(pod, found)
    return problem === undefined ? undefined : { problem }
  }
  const { labels, annotations } = template.metadata ?? {}
  const metadata = {
    namespace: pod.metadata.namespace,
    name: claimNameOf(pod, volume),
    labels,
    annotations,
    ownerReferences: [newControllerRef(pod, pods)],
  }
  return { create: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: template.spec } }
}

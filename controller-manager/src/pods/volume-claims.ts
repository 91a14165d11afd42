import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { claimNameOf } from '@kubets/shared/api/volume-binding.ts'
import type { Informer } from '@kubets/shared/client/informer.ts'

const index = 'volume-claim'

/** The keys of the claims that a Pod's volumes are of, also of those made for it. */
export const claimKeysOf = (pod: Pod): string[] =>
  (pod.spec.volumes ?? []).flatMap((volume) => {
    const name = claimNameOf(pod, volume)
    return name === undefined ? [] : [`${pod.metadata.namespace ?? ''}/${name}`]
  })

/** Finds the Pods with a volume of the claim of this key; several controllers may ask for the index. */
// pkg/controller/volume/common/common.go AddPodPVCIndexerIfNotPresent
export const indexByClaim = (pods: Informer<Pod>): ((claimKey: string) => Pod[]) => {
  pods.addIndex(index, claimKeysOf)
  return (claimKey) => pods.lister.byIndex(index, claimKey)
}

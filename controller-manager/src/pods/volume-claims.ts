import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { claimNameOf } from '@kubets/shared/api/volume-binding.ts'

/** The keys of the claims that a Pod's volumes are of, also of those made for it. */
export const claimKeysOf = (pod: Pod): string[] =>
  (pod.spec.volumes ?? []).flatMap((volume) => {
    const name = claimNameOf(pod, volume)
    return name === undefined ? [] : [`${pod.metadata.namespace ?? ''}/${name}`]
  })

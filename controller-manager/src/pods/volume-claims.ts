import type { Pod } from '@kubets/shared/api/types/core-v1.ts'

/** The names of the claims that a Pod's volumes are of, also of those made for it. */
export const claimsOf = ({ metadata, spec }: Pod): string[] =>
  (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName]
    return ephemeral ? [`${metadata.name ?? ''}-${name}`] : []
  })

/** The same as keys. */
export const claimKeysOf = (pod: Pod): string[] =>
  claimsOf(pod).map((claim) => `${pod.metadata.namespace ?? ''}/${claim}`)

// Which Pod takes more of the disk than it may: pure. pkg/kubelet/eviction/eviction_manager.go localStorageEviction
import { podLimits } from '@kubets/shared/api/pod.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity, quantityOf } from '@kubets/shared/machinery/quantity.ts'
import type { PodSizes } from '../stats/sizes.ts'
import { ephemeralStorage } from '../stats/usage.ts'

interface Excess {
  /** What it is counted as. */
  signal: 'emptydirfs.limit' | 'ephemeralpodfs.limit' | 'ephemeralcontainerfs.limit'
  message: string
}

const storage = 'ephemeral-storage'

/** The first limit that the Pod exceeds; `imagesApart` when images, and what is written over them, have their own disk. */
export function localStorageExcess(pod: Pod, sizes: PodSizes, imagesApart: boolean): Excess | undefined {
  return largeEmptyDir(pod, sizes) ?? largePod(pod, sizes) ?? largeContainer(pod, sizes, imagesApart)
}

// emptyDirLimitEviction
function largeEmptyDir({ spec }: Pod, { volumes }: PodSizes): Excess | undefined {
  for (const { name, emptyDir } of spec.volumes ?? []) {
    const used = volumes.find((one) => one.name === name)
    const limit = emptyDir?.sizeLimit === undefined ? undefined : parseQuantity(emptyDir.sizeLimit)
    if (!used || !limit || limit.sign !== 1 || quantityOf(used.usedBytes).cmp(limit) <= 0) continue
    return { signal: 'emptydirfs.limit', message: `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". ` }
  }
  return undefined
}

// podEphemeralStorageLimitEviction
function largePod(pod: Pod, sizes: PodSizes): Excess | undefined {
  const limit = podLimits(pod).get(storage)
  if (!limit || quantityOf(ephemeralStorage(pod, sizes).usedBytes).cmp(limit) <= 0) return undefined
  const message = `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `
  return { signal: 'ephemeralpodfs.limit', message }
}

// containerEphemeralStorageLimitEviction
function largeContainer({ spec }: Pod, { containers }: PodSizes, imagesApart: boolean): Excess | undefined {
  for (const { name, rootfs, logs } of containers) {
    const text = spec.containers.find((one) => one.name === name)?.resources?.limits?.[storage]
    const limit = parseQuantity(text ?? '0')
    const used = (logs?.usedBytes ?? 0) + (imagesApart ? 0 : (rootfs?.usedBytes ?? 0))
    if (limit.isZero || limit.cmp(quantityOf(used)) >= 0) continue
    const message = `Container ${name} exceeded its local ephemeral storage limit "${limit}". `
    return { signal: 'ephemeralcontainerfs.limit', message }
  }
  return undefined
}

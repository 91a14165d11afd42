import { isHugePages } from '@kubets/shared/api/kinds/quantities.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'

/** The size of the pages that an emptyDir of this medium is made of. Throws an Error when the Pod asks for no such pages. */
// pkg/volume/emptydir/empty_dir.go getPageSizeMountOption
export function pageSizeOf(medium: string, { spec }: Pod): string {
  const holders = [...spec.containers, ...(spec.initContainers ?? []), spec]
  const names = holders.flatMap(({ resources }) => Object.keys(resources?.requests ?? {})).filter(isHugePages)
  const sizes = [...new Set(names.map((name) => parseQuantity(name.slice('hugepages-'.length)).toString()))]
  if (medium !== 'HugePages') {
    const size = parseQuantity(medium.slice('HugePages-'.length)).toString()
    if (sizes.includes(size)) return size
  } else if (sizes.length > 1) {
    throw new Error(`medium: ${medium} can't be used if container requests multiple huge page sizes`)
  } else if (sizes[0] !== undefined) return sizes[0]
  throw new Error(`medium ${medium}: hugePages storage requested, but there is no resource request for huge pages`)
}

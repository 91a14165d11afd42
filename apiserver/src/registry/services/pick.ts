import { contains, formatAddress, type Range } from '@kubets/shared/machinery/addresses.ts'

/** How a free one is found: a number below `size` to begin at. */
export type Random = (size: number) => number

/** Tries at most this many neighbours of a random start; ranges may be larger than one wants to walk. */
const maxSteps = 65_536

/**
 * How many at the beginning of a range are kept for those who name theirs: a sixteenth, at least 16 and at most 256.
 */
// pkg/registry/core/service/ipallocator/ipallocator.go calculateRangeOffset
export function reservedBand(size: number): number {
  if (size < 16) return 0
  return Math.max(16, Math.min(256, Math.floor(size / 16)))
}

/** The same of node ports: a thirty-second, at most 128. */
// pkg/registry/core/service/portallocator/allocator.go calculateRangeOffset
export function reservedPorts(size: number): number {
  if (size < 16) return 0
  return Math.max(16, Math.min(128, Math.floor(size / 32)))
}

/** A free number in [0, size), from above the reserved band first; undefined when there is none. */
export function pickFree(
  size: number,
  taken: (offset: number) => boolean,
  random: Random,
  band = reservedBand(size),
): number | undefined {
  const walk = (from: number, count: number): number | undefined => {
    if (count <= 0) return undefined
    const start = random(count)
    for (let step = 0; step < Math.min(count, maxSteps); step++) {
      const offset = from + ((start + step) % count)
      if (!taken(offset)) return offset
    }
    return undefined
  }
  return walk(band, size - band) ?? walk(0, band)
}

/** A free address of the range as text; undefined when there is none. */
export function pickAddress(range: Range, taken: (ip: string) => boolean, random: Random): string | undefined {
  const size = Number(range.size < 1n << 30n ? range.size : 1n << 30n)
  const text = (offset: number): string => formatAddress({ family: range.family, value: range.base + BigInt(offset) })
  const unusable = (offset: number): boolean =>
    !contains(range, { family: range.family, value: range.base + BigInt(offset) }) || taken(text(offset))
  const offset = pickFree(size, unusable, random)
  return offset === undefined ? undefined : text(offset)
}

// Which images may go, and which of them first: pure. pkg/kubelet/images/image_gc_manager.go
import type { Image } from '../runtime/types.ts'

/** What is known of an image here. Times are of the clock's elapsed time. */
export interface ImageRecord {
  firstDetected: number
  /** When it was last seen in use; -Infinity for never. */
  lastUsed: number
  size: number
}

/** The records after a look at what is there: new images are known from now on, those that are gone are forgotten. */
// detectImages
export function recordImages(
  before: ReadonlyMap<string, ImageRecord>,
  images: readonly Image[],
  inUse: ReadonlySet<string>,
  now: number,
): Map<string, ImageRecord> {
  return new Map(
    images.map(({ id, size }) => {
      const known = before.get(id)
      const lastUsed = inUse.has(id) ? now : (known?.lastUsed ?? -Infinity)
      return [id, { firstDetected: known?.firstDetected ?? now, lastUsed, size }]
    }),
  )
}

/** The images that nobody uses and that are known for long enough, least recently used first. */
// freeSpace, byLastUsedAndDetected
export function unusedImages(
  records: ReadonlyMap<string, ImageRecord>,
  now: number,
  minAgeMs: number,
): { id: string; size: number }[] {
  return [...records]
    .filter(([, { lastUsed, firstDetected }]) => lastUsed < now && now - firstDetected >= minAgeMs)
    .toSorted(([, a], [, b]) => a.lastUsed - b.lastUsed || a.firstDetected - b.firstDetected)
    .map(([id, { size }]) => ({ id, size }))
}

/** The images that nobody used for longer than this, least recently used first. */
// freeOldImages
export function unusedSince(
  records: ReadonlyMap<string, ImageRecord>,
  now: number,
  maxAgeMs: number,
): { id: string }[] {
  return unusedImages(records, now, 0).filter(({ id }) => now - (records.get(id)?.lastUsed ?? -Infinity) > maxAgeMs)
}

/** How full a disk is, and how many bytes have to go so that it is no fuller than the low threshold. */
export interface Fullness {
  usagePercent: number
  toFree: number
}

/** undefined while the disk is not fuller than the high threshold. Percents are of the whole disk. */
// GarbageCollect
export function tooFull(
  { capacityBytes, availableBytes }: { capacityBytes: number; availableBytes: number },
  { highPercent, lowPercent }: { highPercent: number; lowPercent: number },
): Fullness | undefined {
  const available = Math.min(availableBytes, capacityBytes)
  const usagePercent = 100 - Math.floor((available * 100) / capacityBytes)
  if (usagePercent < highPercent) return undefined
  return { usagePercent, toFree: Math.floor((capacityBytes * (100 - lowPercent)) / 100) - available }
}

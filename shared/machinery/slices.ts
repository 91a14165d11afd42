import type { Clock } from './clock.ts'

/** How long work goes on before others have their turn. */
const sliceMilliseconds = 5

/**
 * What `make` gives for each item, in order. Work on many items is done in slices, between which everything else that
 * waits in this process has a turn. Rejects with what `make` throws, and with the signal's reason when it aborts.
 */
export async function inSlices<T, R>(
  items: Iterable<T>,
  make: (item: T) => R,
  clock: Clock,
  signal?: AbortSignal,
): Promise<R[]> {
  const results: R[] = []
  let end = clock.elapsed() + sliceMilliseconds
  for (const item of items) {
    if (clock.elapsed() >= end) {
      await clock.sleep(0, signal)
      end = clock.elapsed() + sliceMilliseconds
    }
    results.push(make(item))
  }
  return results
}

/**
 * What `work` gives. When it took longer than a slice, everything else that waits has a turn before the next step: between
 * steps of work on one large object. Rejects with what `work` throws.
 */
export async function unhurried<R>(work: () => R, clock: Clock): Promise<R> {
  const end = clock.elapsed() + sliceMilliseconds
  const result = work()
  if (clock.elapsed() >= end) await clock.sleep(0)
  return result
}

/** Work that others may interrupt where it yields. */
export type Steps<R> = Generator<undefined, R, undefined>

/** What the steps give, all of them at once. */
export function atOnce<R>(steps: Steps<R>): R {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** What the steps give; everything else that waits has a turn after each that ends a slice. Rejects with what a step throws. */
export async function inSteps<R>(steps: Steps<R>, clock: Clock): Promise<R> {
  let end = clock.elapsed() + sliceMilliseconds
  for (;;) {
    const step = steps.next()
    if (clock.elapsed() >= end) {
      await clock.sleep(0)
      end = clock.elapsed() + sliceMilliseconds
    }
    if (step.done) return step.value
  }
}

/** The parts as one, in slices too: a long answer is copied for some time. */
export async function joinInSlices(parts: readonly Buffer[], clock: Clock, signal?: AbortSignal): Promise<Buffer> {
  const joined = Buffer.allocUnsafe(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  await inSlices(parts, (part) => (at += part.copy(joined, at)), clock, signal)
  return joined
}

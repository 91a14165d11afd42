/** How many of the calls succeeded, and what stopped the rest. */
export interface BatchOutcome {
  succeeded: number
  error?: unknown
}

/**
 * Makes `count` calls in batches of 1, 2, 4 … and stops after the first batch with a failure, so that a quota or a
 * refusing admission sees one failed call and not hundreds.
 */
// pkg/controller/replicaset/replica_set.go slowStartBatch
export const slowStart = async (count: number, call: () => Promise<void>): Promise<BatchOutcome> => {
  let succeeded = 0
  let remaining = count
  for (let size = Math.min(1, count); size > 0; size = Math.min(2 * size, remaining)) {
    const results = await Promise.allSettled(Array.from({ length: size }, () => call()))
    const failed = results.find((result) => result.status === 'rejected')
    succeeded += results.filter((result) => result.status === 'fulfilled').length
    if (failed) return { succeeded, error: failed.reason }
    remaining -= size
  }
  return { succeeded }
}

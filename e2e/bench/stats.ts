/** Figures of a row of samples. */
export interface Summary {
  readonly median: number
  readonly p99: number
}

/** Median and 99th percentile (nearest rank) of at least one sample. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b)
  const rank = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN
  return { median: rank(0.5), p99: rank(0.99) }
}

/** Runs `work` for each of `count` numbers, `concurrency` at a time; answers with operations a second. */
export async function throughput(
  count: number,
  concurrency: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0
  const began = performance.now()
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return count / ((performance.now() - began) / 1000)
}

/**
 * Runs `work` again and again, `concurrency` at a time, for so long; answers with operations a second. `work` gets a
 * number of its own, and which of the workers it is.
 */
export async function rate(
  { milliseconds, concurrency }: { milliseconds: number; concurrency: number },
  work: (index: number, worker: number) => Promise<unknown>,
): Promise<number> {
  let next = 0
  let done = 0
  const began = performance.now()
  const run = async (_: unknown, worker: number): Promise<void> => {
    while (performance.now() < began + milliseconds) {
      await work(next++, worker)
      done++
    }
  }
  await Promise.all(Array.from({ length: concurrency }, run))
  return done / ((performance.now() - began) / 1000)
}

/** How long something took, in milliseconds, and what it answered. */
export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const began = performance.now()
  const result = await work()
  return { ms: performance.now() - began, result }
}

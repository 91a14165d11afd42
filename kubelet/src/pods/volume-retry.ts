import { VolumeError, VolumeProcessError, type VolumeFailure } from '../volumes/errors.ts'

// pkg/util/goroutinemap/exponentialbackoff: of what is done with a volume
const backOffMs = [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 122_000]
// pkg/kubelet/pod_workers.go backOffPeriod: what is missing is looked for again
const lookMs = 10_000

/**
 * How long a Pod waits until its volumes are tried again, after so many failures in a row before these. What went wrong is
 * backed off from; what is not known or not attached yet may come any moment, and is looked for all the time.
 */
export function volumeRetry(failures: readonly VolumeFailure[], before: number): { waitMs: number; failures: number } {
  const some = (kind: typeof VolumeError | typeof VolumeProcessError): boolean =>
    failures.some(({ error }) => error instanceof kind)
  const backOff = backOffMs[Math.min(before, backOffMs.length - 1)] ?? 0
  if (some(VolumeError)) return { waitMs: backOff, failures: before + 1 }
  if (some(VolumeProcessError)) return { waitMs: Math.min(backOff, lookMs), failures: before + 1 }
  return { waitMs: backOffMs[0] ?? 0, failures: before }
}

// How long a container that ended has to wait for its restart: a function of the labels and times of its last
// instance, so that a restarted kubelet keeps counting where the old one stopped.
// client-go/util/flowcontrol/backoff.go Backoff with the kubelet's numbers (pkg/kubelet/kubelet.go newCrashLoopBackOff)
import { formatGoDuration } from '@kubets/shared/machinery/schema/go-values.ts'

const firstSeconds = 10
/** The longest back-off, unless another is asked for. */
export const maxBackOffSeconds = 300
/** An instance that lived so long (milliseconds) starts the counting anew, however long the longest back-off is. */
// kubelet.go crashLoopBackOff.HasExpiredFunc
const forgetMs = 600_000

/** What is known of an ended instance. Times in milliseconds since the epoch. */
export interface EndedInstance {
  createdAt: number
  finishedAt: number
  /** Back-off written on it when it was made; 0 for a first instance. */
  backOffSeconds: number
}

/**
 * When the next instance may be started (milliseconds since the epoch), and the back-off to name and to write on it. What
 * ended later than now says nothing of how long ago that was: the clock was set back, and nobody waits until it is there again.
 * Nobody waits longer than `mostSeconds`, not even who was told so by a kubelet before.
 */
export function nextStart(
  ended: EndedInstance,
  now: number,
  mostSeconds: number,
): {
  at: number
  waitSeconds: number
  nextBackOffSeconds: number
} {
  const forgotten = ended.backOffSeconds === 0 || ended.finishedAt - ended.createdAt > forgetMs
  if (forgotten) return { at: 0, waitSeconds: 0, nextBackOffSeconds: doubled(0, mostSeconds) }
  const waitSeconds = Math.min(ended.backOffSeconds, mostSeconds)
  return {
    at: ended.finishedAt > now ? now : ended.finishedAt + waitSeconds * 1000,
    waitSeconds,
    nextBackOffSeconds: doubled(waitSeconds, mostSeconds),
  }
}

/** The back-off after one of `seconds` (0: none yet). */
export function doubled(seconds: number, mostSeconds = maxBackOffSeconds): number {
  return Math.min(seconds === 0 ? firstSeconds : seconds * 2, mostSeconds)
}

/** A back-off of seconds as Go's time.Duration prints it: 10s, 1m20s, 5m0s. */
export function goSeconds(seconds: number): string {
  return formatGoDuration(BigInt(Math.round(seconds * 1000)) * 1_000_000n)
}

// How long a container that ended has to wait for its restart: a function of the labels and times of its last
// instance, so that a restarted kubelet keeps counting where the old one stopped.
// client-go/util/flowcontrol/backoff.go Backoff with the kubelet's numbers (pkg/kubelet/kubelet.go)

const firstSeconds = 10
const maxSeconds = 300
/** An instance that lived so long (milliseconds) starts the counting anew. */
const forgetMs = 2 * maxSeconds * 1000

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
 */
export function nextStart(
  ended: EndedInstance,
  now: number,
): {
  at: number
  waitSeconds: number
  nextBackOffSeconds: number
} {
  const forgotten = ended.backOffSeconds === 0 || ended.finishedAt - ended.createdAt > forgetMs
  if (forgotten) return { at: 0, waitSeconds: 0, nextBackOffSeconds: firstSeconds }
  return {
    at: ended.finishedAt > now ? now : ended.finishedAt + ended.backOffSeconds * 1000,
    waitSeconds: ended.backOffSeconds,
    nextBackOffSeconds: doubled(ended.backOffSeconds),
  }
}

/** The back-off after one of `seconds` (0: none yet). */
export function doubled(seconds: number): number {
  return seconds === 0 ? firstSeconds : Math.min(seconds * 2, maxSeconds)
}

/** A back-off of seconds as Go's time.Duration prints it: 10s, 1m20s, 5m0s. */
export function goSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

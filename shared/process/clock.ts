import type { Clock } from '../machinery/clock.ts'

// setTimeout fires at once for anything longer
const longestTimerMs = 2 ** 31 - 1

/** Milliseconds since the process began, with fractions: for what is over in less than one. */
export const fineTime = (): number => performance.now()

/** Once everything else that is ready has had its turn: a timer would idle for a millisecond. */
function aTurnLater(_: number, fn: () => void): () => void {
  const turn = setImmediate(fn)
  return () => clearImmediate(turn)
}

/** The machine's clock. */
export const realClock: Clock = {
  now: () => Date.now(),
  elapsed: fineTime,

  timer(ms, fn) {
    let timer: NodeJS.Timeout
    const arm = (left: number): void => {
      const step = Math.min(Math.max(left, 0), longestTimerMs)
      timer = setTimeout(() => (left > step ? arm(left - step) : fn()), step)
    }
    arm(ms)
    return () => clearTimeout(timer)
  },

  sleep(ms, signal) {
    const later = ms > 0 ? realClock.timer : aTurnLater
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        cancel()
        reject(signal?.reason as Error)
      }
      const cancel = later(ms, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      if (signal?.aborted) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    })
  },
}

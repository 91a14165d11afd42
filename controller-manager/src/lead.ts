import { runLeaderElected } from '@kubets/shared/client/leader-election.ts'

type Election = Omit<Parameters<typeof runLeaderElected>[0], 'onLeading'>

// Every request of the work ends with its signal, so this is ample; a work that hangs must not run beside its successor.
const endLimitMs = 30_000

/**
 * Campaigns, works for as long as the leadership lasts, and resolves when it is lost and all work has ended, so that
 * the caller may campaign again: an apiserver or etcd that was away is no reason to end the program. Rejects with what
 * the work rejected with of its own accord.
 */
export const leadOnce = async (
  election: Election,
  work: (leading: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  let failure: { error: unknown } | undefined
  let ended: Promise<void> = Promise.resolve()
  const onLeading = (leading: AbortSignal): Promise<void> => {
    const running = work(leading).catch((error: unknown) => {
      if (leading.aborted) return
      failure = { error }
      throw error
    })
    ended = running.catch(() => undefined)
    return running
  }
  try {
    await runLeaderElected({ ...election, onLeading }, signal)
  } catch (error) {
    if (failure) throw failure.error
    election.log.warn({ err: error }, 'leadership lost, standing for election again')
  }
  let cancel: () => void = () => undefined
  const hangs = new Promise<never>((_, reject) => {
    cancel = election.clock.timer(endLimitMs, () => reject(new Error('the work of a lost leadership does not end')))
  })
  await Promise.race([ended, hangs]).finally(() => cancel())
}

/** What is known of a socket that was dealt with. */
export interface KnownSocket {
  /** Which one it was, of all that had this name one after another. */
  identity: string
  /** A handler has it. */
  registered: boolean
  /** Set when it could not be registered. */
  retry?: { at: number; afterMs: number }
}

export interface PluginPlan {
  register: string[]
  unregister: string[]
  /** Sockets that went before anybody took them. */
  forget: string[]
  /** When the next one may be tried again. */
  wakeAt: number | undefined
}

// pkg/util/goroutinemap/exponentialbackoff: initialDurationBeforeRetry, maxDurationBeforeRetry
const [firstRetryMs, longestRetryMs] = [500, 122_000]

/** The next wait after one of `afterMs`. */
export function nextRetry(afterMs: number | undefined, now: number): { at: number; afterMs: number } {
  const wait = afterMs === undefined ? firstRetryMs : Math.min(afterMs * 2, longestRetryMs)
  return { at: now + wait, afterMs: wait }
}

/**
 * What is to be done with the sockets that are there now, each with its identity. A socket that was replaced is
 * unregistered first. Those that are `busy` come later.
 */
// pkg/kubelet/pluginmanager/reconciler/reconciler.go reconcile
export function planPlugins(
  found: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, KnownSocket>,
  busy: ReadonlySet<string>,
  now: number,
): PluginPlan {
  const plan: PluginPlan = { register: [], unregister: [], forget: [], wakeAt: undefined }
  for (const [socket, { identity, registered }] of known) {
    if (busy.has(socket) || found.get(socket) === identity) continue
    if (registered) plan.unregister.push(socket)
    else if (!found.has(socket)) plan.forget.push(socket)
  }
  for (const [socket, identity] of found) {
    const before = known.get(socket)
    if (busy.has(socket) || before?.registered) continue
    const at = before?.identity === identity ? (before.retry?.at ?? now) : now
    if (at <= now) plan.register.push(socket)
    else plan.wakeAt = Math.min(plan.wakeAt ?? Infinity, at)
  }
  return plan
}

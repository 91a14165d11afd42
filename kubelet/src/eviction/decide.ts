// What follows from the observations over time: pure. pkg/kubelet/eviction/eviction_manager.go synchronize
import { crossed, type Observations } from './observations.ts'
import { signals, type Pressure, type Threshold } from './thresholds.ts'

/** What is remembered from one look to the next. Times are milliseconds since the epoch. */
export interface EvictionState {
  /** Since when a threshold is crossed. */
  since: ReadonlyMap<Threshold, number>
  /** Those that were crossed for longer than their grace. */
  met: readonly Threshold[]
  /** When the reason for a condition was last seen. */
  lastSeen: ReadonlyMap<Pressure, number>
}

export const calm: EvictionState = { since: new Map(), met: [], lastSeen: new Map() }

interface Decision {
  state: EvictionState
  /** The conditions the node has. */
  conditions: readonly Pressure[]
  /** The thresholds for which something has to go, most urgent first. */
  act: readonly Threshold[]
}

/** @param transitionMs for how long a condition stays when its reason is gone */
export function decide(
  thresholds: readonly Threshold[],
  observations: Observations,
  before: EvictionState,
  transitionMs: number,
  now: number,
): Decision {
  const unresolved = crossed(before.met, observations, { reclaim: true })
  const crossing = new Set([...crossed(thresholds, observations, { reclaim: false }), ...unresolved])
  const since = new Map([...crossing].map((one) => [one, before.since.get(one) ?? now]))
  const lastSeen = new Map(before.lastSeen)
  for (const { signal } of crossing) lastSeen.set(signals[signal].condition, now)
  const met = [...since].filter(([{ graceMs }, at]) => now - at >= graceMs).map(([threshold]) => threshold)
  return {
    state: { since, met, lastSeen },
    conditions: [...lastSeen].filter(([, at]) => now - at < transitionMs).map(([condition]) => condition),
    act: [...met.filter(isOfMemory), ...met.filter((one) => !isOfMemory(one))],
  }
}

// byEvictionPriority
const isOfMemory = ({ signal }: Threshold): boolean => signals[signal].resource === 'memory'

// immediateEvictionGracePeriodSeconds
export const immediateGraceSeconds = 1

/** How long a Pod may take to end, in seconds: what a soft threshold leaves at most, though never nothing. */
// pkg/kubelet/eviction/eviction_manager.go synchronize, pkg/kubelet/pod_workers.go calculateEffectiveGracePeriod
export const graceSecondsOf = ({ graceMs }: Threshold, maxPodGraceSeconds: number): number =>
  graceMs === 0 ? immediateGraceSeconds : Math.max(immediateGraceSeconds, maxPodGraceSeconds)

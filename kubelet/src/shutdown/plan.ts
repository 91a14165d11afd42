// Who ends when the node shuts down, and how long each may take: pure. pkg/kubelet/nodeshutdown/nodeshutdown_manager.go
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { criticalPriority } from '../pods/preemption.ts'

/** How long Pods of a priority, and of those up to the next one, may take. */
// pkg/kubelet/apis/config/types.go ShutdownGracePeriodByPodPriority
export interface ShutdownPeriod {
  priority: number
  shutdownGracePeriodSeconds: number
}

/** What a KubeletConfiguration says of it. */
export interface ShutdownSettings {
  /** shutdownGracePeriod, shutdownGracePeriodCriticalPods */
  gracePeriodMs: number
  criticalPodsMs: number
  byPodPriority: readonly ShutdownPeriod[]
}

/** Pods that end together. */
export interface ShutdownGroup {
  period: ShutdownPeriod
  pods: Pod[]
}

/** The periods in the order in which they pass, lowest priority first; none when the node shuts down at once. */
// newPodManager, migrateConfig
export function shutdownPeriods({ gracePeriodMs, criticalPodsMs, byPodPriority }: ShutdownSettings): ShutdownPeriod[] {
  if (byPodPriority.length > 0) return byPodPriority.toSorted((a, b) => a.priority - b.priority)
  const othersMs = gracePeriodMs - criticalPodsMs
  if (gracePeriodMs === 0 || othersMs < 0) return []
  const period = (priority: number, ms: number): ShutdownPeriod => ({
    priority,
    shutdownGracePeriodSeconds: Math.trunc(ms / 1000),
  })
  return [period(0, othersMs), period(criticalPriority, criticalPodsMs)]
}

/** The time that all of them need. periodRequested */
export function secondsOf(periods: readonly ShutdownPeriod[]): number {
  return periods.reduce((sum, one) => sum + one.shutdownGracePeriodSeconds, 0)
}

/** The Pods by their periods, which are sorted: each Pod is in the last whose priority it has, or in the lowest. */
// groupByPriority; for a period that no Pod has nobody waits
export function shutdownGroups(periods: readonly ShutdownPeriod[], pods: readonly Pod[]): ShutdownGroup[] {
  const groups = periods.map((period): ShutdownGroup => ({ period, pods: [] }))
  for (const pod of pods) {
    const { priority = 0 } = pod.spec
    const group = groups.findLast(({ period }) => period.priority <= priority) ?? groups[0]
    group?.pods.push(pod)
  }
  return groups.filter((group) => group.pods.length > 0)
}

import { getCondition } from '@kubets/shared/api/pod.ts'
import type { Pod, Service } from '@kubets/shared/api/types/core-v1.ts'

export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time'

interface Seen {
  service: string | undefined
  pods: Map<string, string>
}

/**
 * Tells when the change happened that makes a Service's endpoints change now: the earliest change of readiness, or
 * creation of the Service, not reported before.
 */
// staging endpointslice/trigger_time_tracker.go
export class TriggerTimes {
  readonly #seen = new Map<string, Seen>()

  /** The time of the oldest unreported change, undefined where none is known. Call once per reconcile. */
  next(key: string, service: Service, pods: readonly Pod[]): string | undefined {
    const before = this.#seen.get(key)
    const after: Seen = { service: service.metadata.creationTimestamp, pods: new Map() }
    const changes: string[] = []
    for (const pod of pods) {
      const time = getCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime
      if (!time) continue
      const name = pod.metadata.name ?? ''
      after.pods.set(name, time)
      const old = before?.pods.get(name)
      if (old === undefined || old < time) changes.push(time)
    }
    if (after.service && (before?.service === undefined || before.service < after.service)) changes.push(after.service)
    this.#seen.set(key, after)
    return changes.sort()[0]
  }

  forget(key: string): void {
    this.#seen.delete(key)
  }
}

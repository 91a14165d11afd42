import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodInfo } from '../cache/pod-info.ts'

/** Kubelets write a time once, and it is asked for again and again. */
const times = new WeakMap<Pod, number>()

/** When the Pod started, ms; one that has not yet starts at this moment. */
// pkg/scheduler/util/utils.go GetPodStartTime
export function startTime({ pod }: PodInfo, now: number): number {
  const text = pod.status?.startTime
  if (text === undefined) return now
  const known = times.get(pod)
  if (known !== undefined) return known
  const time = Date.parse(text)
  times.set(pod, time)
  return time
}

/** Sorts the most important Pod first: by priority, then by how long it has been running. */
// pkg/scheduler/util/utils.go MoreImportantPod
export function byImportance(now: number): (a: PodInfo, b: PodInfo) => number {
  return (a, b) => b.priority - a.priority || startTime(a, now) - startTime(b, now)
}

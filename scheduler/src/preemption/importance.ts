import type { PodInfo } from '../cache/pod-info.ts'

/** When the Pod started, ms; one that has not yet starts at this moment. */
// pkg/scheduler/util/utils.go GetPodStartTime
export function startTime({ pod }: PodInfo, now: number): number {
  const time = pod.status?.startTime
  return time === undefined ? now : Date.parse(time)
}

/** Sorts the most important Pod first: by priority, then by how long it has been running. */
// pkg/scheduler/util/utils.go MoreImportantPod
export function byImportance(now: number): (a: PodInfo, b: PodInfo) => number {
  return (a, b) => b.priority - a.priority || startTime(a, now) - startTime(b, now)
}

import type { PodInfo } from '../cache/pod-info.ts'
import { startTime } from './importance.ts'
import type { Candidate } from './victims.ts'

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const highest = (victims: readonly PodInfo[]): number => Math.max(...victims.map(({ priority }) => priority))

/** When the first of the most important victims started. */
// pkg/scheduler/util/utils.go GetEarliestPodStartTime
function earliestStart(victims: readonly PodInfo[], now: number): number {
  const top = highest(victims)
  return Math.min(...victims.filter(({ priority }) => priority === top).map((pod) => startTime(pod, now)))
}

/** What counts against a candidate; the next question is asked only where the one before left several. */
const prices: readonly ((candidate: Candidate, now: number) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => highest(victims),
  // shifted, so that many Pods of negative priority cost more than few of them
  ({ victims }) => sum(victims.map(({ priority }) => priority + 2 ** 31)),
  ({ victims }) => victims.length,
  // who started last has least to lose
  ({ victims }, now) => -earliestStart(victims, now),
]

/** The candidate whose victims are the smallest loss, the first of several; there must be one, with victims. */
// pkg/scheduler/framework/preemption/preemption.go pickOneNodeForPreemption
export function pickCandidate(candidates: readonly Candidate[], now: number): Candidate {
  let left = candidates
  for (const price of prices) {
    if (left.length <= 1) break
    const costs = left.map((candidate) => price(candidate, now))
    const lowest = Math.min(...costs)
    left = left.filter((_, i) => costs[i] === lowest)
  }
  const [chosen] = left
  if (!chosen) throw new Error('there is no candidate to choose from')
  return chosen
}

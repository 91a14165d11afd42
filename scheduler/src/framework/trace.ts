import type { Rejection } from './plugin.ts'

/** As metrics name the points of the framework. */
// pkg/scheduler/metrics/metrics.go
export type ExtensionPoint =
  | 'PreFilter'
  | 'Filter'
  | 'PostFilter'
  | 'PreScore'
  | 'Score'
  | 'ScoreExtensionNormalize'
  | 'Reserve'
  | 'Unreserve'
  | 'Permit'
  | 'PreBind'
  | 'Bind'
  | 'PostBind'

export type CountedPoint = 'PreFilter' | 'Filter' | 'PreScore' | 'Score'

// kube-scheduler/framework/interface.go Code
export type Status = 'Success' | 'Error' | 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Skip'

/** How often a plugin was asked; counted up in place, as it is asked about every node. */
export interface Evaluations {
  times: number
}

/** Learns what took how long in one attempt to schedule. */
export interface Trace {
  /** Milliseconds from any time on. */
  now(): number
  /** All plugins of the point have run since then. */
  point(point: ExtensionPoint, status: Status, since: number): void
  /** Whether each plugin is timed as well. */
  readonly isSampled: boolean
  plugin(plugin: string, point: ExtensionPoint, status: Status, since: number): void
  evaluations(plugin: string, point: CountedPoint): Evaluations
}

/** Nobody wants to know. */
export const untraced: Trace = {
  now: () => 0,
  point: () => undefined,
  isSampled: false,
  plugin: () => undefined,
  evaluations: () => ({ times: 0 }),
}

export function statusOf(rejection: Rejection | undefined): Status {
  if (!rejection) return 'Success'
  return rejection.unresolvable ? 'UnschedulableAndUnresolvable' : 'Unschedulable'
}

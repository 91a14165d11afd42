import type { Plugin, ProfilePlugin } from './plugin.ts'

/** What a scheduler of one name does at each extension point, in the order of the calls. */
// pkg/scheduler/framework/runtime/framework.go frameworkImpl
export interface Profile {
  readonly schedulerName: string
  /** undefined: as the whole scheduler does; 0: by the size of the cluster. */
  readonly percentageOfNodesToScore?: number | undefined
  /** Every plugin that has a part in it, by name: their hints. */
  readonly plugins: ReadonlyMap<string, Plugin>
  readonly preEnqueue: readonly Plugin[]
  readonly queueSort: Plugin
  /** preFilter and filter are one: what the first prepares decides in the second. */
  readonly filter: readonly Plugin[]
  readonly postFilter: readonly Plugin[]
  readonly score: readonly ProfilePlugin[]
  readonly reserve: readonly Plugin[]
  readonly permit: readonly Plugin[]
  readonly preBind: readonly Plugin[]
  readonly bind: readonly Plugin[]
}

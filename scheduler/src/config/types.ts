import type { PluginArgs } from './args.ts'
import type { ExtenderConfig } from './extenders.ts'
import type { Point } from './schema.ts'

export interface PluginRef {
  readonly name: string
  readonly weight?: number
}

export interface PluginSet {
  readonly enabled: readonly PluginRef[]
  /** "*" is all of them. */
  readonly disabled: readonly PluginRef[]
}

export type PluginSets = { readonly [P in Point | 'multiPoint']: PluginSet }

/** A profile with everything filled in. */
export interface ProfileConfig {
  readonly schedulerName: string
  readonly percentageOfNodesToScore?: number
  readonly plugins: PluginSets
  readonly args: PluginArgs
}

/** What the configuration file says, with everything filled in. */
export interface SchedulerConfig {
  readonly kubeconfig: string | undefined
  readonly leaderElect: boolean
  readonly percentageOfNodesToScore: number
  readonly podInitialBackoffSeconds: number
  readonly podMaxBackoffSeconds: number
  readonly profiles: readonly ProfileConfig[]
  /** In the order in which they are asked. */
  readonly extenders: readonly ExtenderConfig[]
}

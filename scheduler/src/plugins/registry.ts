import type { PluginArgs } from '../config/args.ts'
import type { Point } from '../config/schema.ts'
import type { Plugin } from '../framework/plugin.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { prioritySort } from './priority-sort.ts'
import { schedulingGates } from './scheduling-gates.ts'
import { taintToleration } from './taint-toleration.ts'

/** A plugin by the extension points that it has in upstream, and how it is made for a profile. */
export interface RegisteredPlugin {
  readonly points: readonly Point[]
  readonly make: (args: PluginArgs) => Plugin
}

export type Registry = Readonly<Record<string, RegisteredPlugin>>

/** The plugins that reach beyond the Pod and its node. */
export interface OutwardPlugins {
  readonly binder: Plugin
  readonly preemption: (args: PluginArgs['DefaultPreemption']) => Plugin
  readonly volumeRestrictions: Plugin
  readonly nodeVolumeLimits: Plugin
  readonly volumeBinding: (args: PluginArgs['VolumeBinding']) => Plugin
  readonly volumeZone: Plugin
  readonly dynamicResources: (args: PluginArgs['DynamicResources']) => Plugin
}

const filters = ['preFilter', 'filter'] as const
const scores = ['preScore', 'score'] as const

// pkg/scheduler/framework/plugins/registry.go NewInTreeRegistry
export const pluginRegistry = (outward: OutwardPlugins): Registry => ({
  SchedulingGates: { points: ['preEnqueue'], make: () => schedulingGates },
  PrioritySort: { points: ['queueSort'], make: () => prioritySort },
  NodeUnschedulable: { points: ['filter'], make: () => nodeUnschedulable },
  NodeName: { points: ['filter'], make: () => nodeName },
  TaintToleration: { points: ['filter', ...scores], make: () => taintToleration },
  NodeAffinity: { points: [...filters, ...scores], make: (args) => nodeAffinity(args.NodeAffinity) },
  NodePorts: { points: filters, make: () => nodePorts },
  NodeResourcesFit: { points: [...filters, ...scores], make: (args) => nodeResourcesFit(args.NodeResourcesFit) },
  VolumeRestrictions: { points: filters, make: () => outward.volumeRestrictions },
  NodeVolumeLimits: { points: filters, make: () => outward.nodeVolumeLimits },
  VolumeBinding: {
    points: [...filters, ...scores, 'reserve', 'preBind'],
    make: (args) => outward.volumeBinding(args.VolumeBinding),
  },
  VolumeZone: { points: filters, make: () => outward.volumeZone },
  PodTopologySpread: { points: [...filters, ...scores], make: (args) => podTopologySpread(args.PodTopologySpread) },
  InterPodAffinity: { points: [...filters, ...scores], make: (args) => interPodAffinity(args.InterPodAffinity) },
  DynamicResources: {
    points: ['preEnqueue', ...filters, 'postFilter', 'score', 'reserve', 'preBind'],
    make: (args) => outward.dynamicResources(args.DynamicResources),
  },
  DefaultPreemption: {
    points: ['preEnqueue', 'postFilter'],
    make: (args) => outward.preemption(args.DefaultPreemption),
  },
  NodeResourcesBalancedAllocation: {
    points: scores,
    make: (args) => nodeResourcesBalancedAllocation(args.NodeResourcesBalancedAllocation),
  },
  ImageLocality: { points: ['score'], make: () => imageLocality },
  DefaultBinder: { points: ['bind'], make: () => outward.binder },
})

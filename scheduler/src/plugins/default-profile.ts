import type { Plugin, ProfilePlugin } from '../framework/plugin.ts'
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

/** The plugins that reach beyond the Pod and its node. */
export interface PluginSet {
  readonly binder: Plugin
  readonly preemption: Plugin
  readonly volumeRestrictions: Plugin
  readonly nodeVolumeLimits: Plugin
  readonly volumeBinding: Plugin
  readonly volumeZone: Plugin
}

/** The plugins of the default scheduler, in the order they are asked, with their scores' weights. */
// pkg/scheduler/apis/config/v1/default_plugins.go getDefaultPlugins
export function defaultProfile(others: PluginSet): ProfilePlugin[] {
  return [
    { plugin: schedulingGates, weight: 0 },
    { plugin: prioritySort, weight: 0 },
    { plugin: nodeUnschedulable, weight: 0 },
    { plugin: nodeName, weight: 0 },
    { plugin: taintToleration, weight: 3 },
    { plugin: nodeAffinity, weight: 2 },
    { plugin: nodePorts, weight: 0 },
    { plugin: nodeResourcesFit, weight: 1 },
    { plugin: others.volumeRestrictions, weight: 0 },
    { plugin: others.nodeVolumeLimits, weight: 0 },
    { plugin: others.volumeBinding, weight: 0 },
    { plugin: others.volumeZone, weight: 0 },
    { plugin: podTopologySpread, weight: 2 },
    { plugin: interPodAffinity, weight: 2 },
    { plugin: others.preemption, weight: 0 },
    { plugin: nodeResourcesBalancedAllocation, weight: 1 },
    { plugin: imageLocality, weight: 1 },
    { plugin: others.binder, weight: 0 },
  ]
}

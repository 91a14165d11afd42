import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Lookup } from '../auth/lookup.ts'
import type { Admission, Registry } from '../registry/types.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import { chain } from './plugin.ts'
import { priority } from './priority.ts'
import { resourceQuota } from './resource-quota/plugin.ts'
import { serviceAccount } from './service-account.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'

// pkg/kubeapiserver/options/plugins.go AllOrderedPlugins
/** The plugins in upstream's order. */
export function createAdmission(lookup: Lookup, registry: Registry, clock: Clock, signal: AbortSignal): Admission {
  return chain([
    namespaceLifecycle(lookup),
    serviceAccount(lookup, clock),
    nodeRestriction(lookup),
    taintNodesByCondition,
    priority(lookup),
    defaultTolerationSeconds,
    resourceQuota(registry, clock, signal),
  ])
}

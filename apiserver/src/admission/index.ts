import type { Authorizer } from '../auth/attributes.ts'
import type { Rbac } from '../auth/rbac.ts'
import type { Admission, Registry } from '../registry/types.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts'
import { claimResize } from './claim-resize.ts'
import { defaultIngressClass } from './default-ingress-class.ts'
import { defaultStorageClass } from './default-storage-class.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { deviceAdminAccess } from './device-admin-access.ts'
import { limitRanger } from './limit-ranger/plugin.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction/plugin.ts'
import { chain } from './plugin.ts'
import { podTopologyLabels } from './pod-topology-labels.ts'
import { mutatingPolicies } from './policy/mutating.ts'
import { validatingPolicies } from './policy/validating.ts'
import { priority } from './priority.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { resourceQuota } from './resource-quota/plugin.ts'
import { runtimeClass } from './runtime-class.ts'
import { serviceAccount } from './service-account.ts'
import { storageObjectInUseProtection } from './storage-object-in-use.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'
import type { Calls } from './webhook/call.ts'
import { mutatingWebhooks } from './webhook/mutating.ts'
import type { Selection } from './webhook/select.ts'
import { validatingWebhooks } from './webhook/validating.ts'

interface Parts extends Selection, Calls {
  registry: Registry
  rbac: Rbac
  authorizer: Authorizer
  signal: AbortSignal
}

// pkg/kubeapiserver/options/plugins.go AllOrderedPlugins
/** The plugins in upstream's order. */
export function createAdmission(parts: Parts): Admission {
  const { lookup, registry, rbac, authorizer, clock, signal } = parts
  return chain([
    namespaceLifecycle(lookup),
    limitRanger(lookup, registry),
    serviceAccount(lookup, clock),
    nodeRestriction(lookup, authorizer),
    taintNodesByCondition,
    priority(lookup),
    defaultTolerationSeconds,
    defaultStorageClass(lookup),
    storageObjectInUseProtection,
    claimResize(lookup),
    runtimeClass(lookup),
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass(lookup),
    podTopologyLabels(lookup),
    mutatingPolicies(parts),
    mutatingWebhooks(parts),
    validatingPolicies(parts),
    validatingWebhooks(parts),
    resourceQuota(registry, clock, signal),
    // of upstream's storage and strategies, not its plugins
    rbacEscalation(rbac, authorizer, lookup),
    deviceAdminAccess(lookup),
  ])
}

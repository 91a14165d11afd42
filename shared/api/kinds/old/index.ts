import { mutatingAdmissionPolicy } from '../admissionregistration/mutatingadmissionpolicies/kind.ts'
import { mutatingAdmissionPolicyBinding } from '../admissionregistration/mutatingadmissionpolicybindings/kind.ts'
import { mutatingWebhookConfiguration } from '../admissionregistration/mutatingwebhookconfigurations/kind.ts'
import { validatingAdmissionPolicy } from '../admissionregistration/validatingadmissionpolicies/kind.ts'
import { validatingAdmissionPolicyBinding } from '../admissionregistration/validatingadmissionpolicybindings/kind.ts'
import { validatingWebhookConfiguration } from '../admissionregistration/validatingwebhookconfigurations/kind.ts'
import { horizontalPodAutoscaler } from '../autoscaling/horizontalpodautoscalers/kind.ts'
import { cronJob } from '../batch/cronjobs/kind.ts'
import { lease } from '../coordination/leases/kind.ts'
import { endpointSlice } from '../discovery/endpointslices/kind.ts'
import { eventsEvent } from '../events/events/kind.ts'
import type { Kind } from '../kind.ts'
import { ingressClass } from '../networking/ingressclasses/kind.ts'
import { ingress } from '../networking/ingresses/kind.ts'
import { ipAddress } from '../networking/ipaddresses/kind.ts'
import { serviceCIDR } from '../networking/servicecidrs/kind.ts'
import { runtimeClass } from '../node/runtimeclasses/kind.ts'
import { podDisruptionBudget } from '../policy/poddisruptionbudgets/kind.ts'
import { clusterRoleBinding } from '../rbac/clusterrolebindings/kind.ts'
import { clusterRole } from '../rbac/clusterroles/kind.ts'
import { roleBinding } from '../rbac/rolebindings/kind.ts'
import { role } from '../rbac/roles/kind.ts'
import { csiDriver } from '../storage/csidrivers/kind.ts'
import { csiNode } from '../storage/csinodes/kind.ts'
import { csiStorageCapacity } from '../storage/csistoragecapacities/kind.ts'
import { storageClass } from '../storage/storageclasses/kind.ts'
import { volumeAttachment } from '../storage/volumeattachments/kind.ts'
import { volumeAttributesClass } from '../storage/volumeattributesclasses/kind.ts'
import { budgetFromV1, budgetToV1 } from './budgets.ts'
import { ingressDefaults, ingressFromV1, ingressToV1 } from './ingresses.ts'
import { olderVersion } from './same-shape.ts'
import { sliceFromV1, sliceToV1 } from './slices.ts'
import { webhookDefaults } from './webhooks.ts'

const same = (kinds: readonly Kind[], deprecatedIn: string): Kind[] =>
  kinds.map((kind) => olderVersion(kind, { version: 'v1beta1', deprecatedIn }))

// what the newer version's strategy drops is a field of this version
const { prepareForCreate: _c, prepareForUpdate: _u, ...slice } = endpointSlice

/**
 * Versions that clients of years ago speak, in the order of discovery; served when `--runtime-config` says so. Objects
 * are stored as the newer version's, and can be read and written by both.
 */
export const oldKinds: readonly Kind[] = [
  olderVersion(horizontalPodAutoscaler, { version: 'v2beta2', deprecatedIn: 'v1.23+, unavailable in v1.26+' }),
  ...same([cronJob], 'v1.21+, unavailable in v1.25+'),
  ...same([lease], 'v1.19+, unavailable in v1.22+'),
  olderVersion(slice, {
    version: 'v1beta1',
    from: sliceFromV1,
    to: sliceToV1,
    deprecatedIn: 'v1.21+, unavailable in v1.25+',
  }),
  ...same([eventsEvent], 'v1.19+, unavailable in v1.25+'),
  olderVersion(ingress, {
    version: 'v1beta1',
    from: ingressFromV1,
    to: ingressToV1,
    defaults: ingressDefaults,
    deprecatedIn: 'v1.19+, unavailable in v1.22+',
  }),
  ...same([ingressClass], 'v1.19+, unavailable in v1.22+'),
  ...same([ipAddress, serviceCIDR], 'v1.34+, unavailable in v1.37+'),
  ...same([runtimeClass], 'v1.22+, unavailable in v1.25+'),
  olderVersion(podDisruptionBudget, {
    version: 'v1beta1',
    from: budgetFromV1,
    to: budgetToV1,
    deprecatedIn: 'v1.21+, unavailable in v1.25+',
  }),
  ...same([role, roleBinding, clusterRole, clusterRoleBinding], 'v1.17+, unavailable in v1.22+'),
  ...same([storageClass, volumeAttachment, csiDriver, csiNode], 'v1.19+, unavailable in v1.22+'),
  ...same([csiStorageCapacity], 'v1.24+, unavailable in v1.27+'),
  ...same([volumeAttributesClass], 'v1.34+, unavailable in v1.37+'),
  olderVersion(mutatingWebhookConfiguration, {
    version: 'v1beta1',
    defaults: webhookDefaults(true),
    deprecatedIn: 'v1.16+, unavailable in v1.22+',
  }),
  olderVersion(validatingWebhookConfiguration, {
    version: 'v1beta1',
    defaults: webhookDefaults(false),
    deprecatedIn: 'v1.16+, unavailable in v1.22+',
  }),
  ...same([validatingAdmissionPolicy, validatingAdmissionPolicyBinding], 'v1.31+, unavailable in v1.34+'),
  ...same([mutatingAdmissionPolicy, mutatingAdmissionPolicyBinding], 'v1.37+, unavailable in v1.40+'),
]

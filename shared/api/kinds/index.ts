import { binding } from './core/bindings/kind.ts'
import { componentStatus } from './core/componentstatuses/kind.ts'
import { configMap } from './core/configmaps/kind.ts'
import { endpoints } from './core/endpoints/kind.ts'
import { event } from './core/events/kind.ts'
import { limitRange } from './core/limitranges/kind.ts'
import { namespace } from './core/namespaces/kind.ts'
import { node } from './core/nodes/kind.ts'
import { persistentVolumeClaim } from './core/persistentvolumeclaims/kind.ts'
import { persistentVolume } from './core/persistentvolumes/kind.ts'
import { pod } from './core/pods/kind.ts'
import { podTemplate } from './core/podtemplates/kind.ts'
import { replicationController } from './core/replicationcontrollers/kind.ts'
import { resourceQuota } from './core/resourcequotas/kind.ts'
import { secret } from './core/secrets/kind.ts'
import { serviceAccount } from './core/serviceaccounts/kind.ts'
import { service } from './core/services/kind.ts'
import { apiService } from './apiregistration/apiservices/kind.ts'
import { controllerRevision } from './apps/controllerrevisions/kind.ts'
import { daemonSet } from './apps/daemonsets/kind.ts'
import { deployment } from './apps/deployments/kind.ts'
import { replicaSet } from './apps/replicasets/kind.ts'
import { statefulSet } from './apps/statefulsets/kind.ts'
import { eventsEvent } from './events/events/kind.ts'
import { selfSubjectReview } from './authentication/selfsubjectreviews/kind.ts'
import { tokenReview } from './authentication/tokenreviews/kind.ts'
import { localSubjectAccessReview } from './authorization/localsubjectaccessreviews/kind.ts'
import { selfSubjectAccessReview } from './authorization/selfsubjectaccessreviews/kind.ts'
import { selfSubjectRulesReview } from './authorization/selfsubjectrulesreviews/kind.ts'
import { subjectAccessReview } from './authorization/subjectaccessreviews/kind.ts'
import { horizontalPodAutoscaler } from './autoscaling/horizontalpodautoscalers/kind.ts'
import { horizontalPodAutoscalerV1 } from './autoscaling/horizontalpodautoscalers/v1.ts'
import { cronJob } from './batch/cronjobs/kind.ts'
import { job } from './batch/jobs/kind.ts'
import { certificateSigningRequest } from './certificates/certificatesigningrequests/kind.ts'
import { ingressClass } from './networking/ingressclasses/kind.ts'
import { ingress } from './networking/ingresses/kind.ts'
import { ipAddress } from './networking/ipaddresses/kind.ts'
import { networkPolicy } from './networking/networkpolicies/kind.ts'
import { serviceCIDR } from './networking/servicecidrs/kind.ts'
import { podDisruptionBudget } from './policy/poddisruptionbudgets/kind.ts'
import { clusterRoleBinding } from './rbac/clusterrolebindings/kind.ts'
import { clusterRole } from './rbac/clusterroles/kind.ts'
import { roleBinding } from './rbac/rolebindings/kind.ts'
import { role } from './rbac/roles/kind.ts'
import { csiDriver } from './storage/csidrivers/kind.ts'
import { csiNode } from './storage/csinodes/kind.ts'
import { csiStorageCapacity } from './storage/csistoragecapacities/kind.ts'
import { storageClass } from './storage/storageclasses/kind.ts'
import { volumeAttachment } from './storage/volumeattachments/kind.ts'
import { volumeAttributesClass } from './storage/volumeattributesclasses/kind.ts'
import { mutatingAdmissionPolicy } from './admissionregistration/mutatingadmissionpolicies/kind.ts'
import { mutatingAdmissionPolicyBinding } from './admissionregistration/mutatingadmissionpolicybindings/kind.ts'
import { mutatingWebhookConfiguration } from './admissionregistration/mutatingwebhookconfigurations/kind.ts'
import { validatingAdmissionPolicy } from './admissionregistration/validatingadmissionpolicies/kind.ts'
import { validatingAdmissionPolicyBinding } from './admissionregistration/validatingadmissionpolicybindings/kind.ts'
import { validatingWebhookConfiguration } from './admissionregistration/validatingwebhookconfigurations/kind.ts'
import { customResourceDefinition } from './apiextensions/customresourcedefinitions/kind.ts'
import { priorityClass } from './scheduling/priorityclasses/kind.ts'
import { lease } from './coordination/leases/kind.ts'
import { runtimeClass } from './node/runtimeclasses/kind.ts'
import { endpointSlice } from './discovery/endpointslices/kind.ts'
import { flowSchema } from './flowcontrol/flowschemas/kind.ts'
import { priorityLevelConfiguration } from './flowcontrol/prioritylevelconfigurations/kind.ts'
import { deviceClass } from './resource/deviceclasses/kind.ts'
import { resourceClaim } from './resource/resourceclaims/kind.ts'
import { resourceClaimTemplate } from './resource/resourceclaimtemplates/kind.ts'
import { resourceSlice } from './resource/resourceslices/kind.ts'
import type { Kind } from './kind.ts'

/**
 * Every kind the server is built with. The order is that of discovery: groups by first appearance, the preferred
 * version of a group before its others.
 */
export const kinds: readonly Kind[] = [
  binding,
  componentStatus,
  configMap,
  endpoints,
  event,
  limitRange,
  namespace,
  node,
  persistentVolumeClaim,
  persistentVolume,
  pod,
  podTemplate,
  replicationController,
  resourceQuota,
  secret,
  serviceAccount,
  service,
  apiService,
  controllerRevision,
  daemonSet,
  deployment,
  replicaSet,
  statefulSet,
  eventsEvent,
  selfSubjectReview,
  tokenReview,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  horizontalPodAutoscaler,
  horizontalPodAutoscalerV1,
  cronJob,
  job,
  certificateSigningRequest,
  ingressClass,
  ingress,
  ipAddress,
  networkPolicy,
  serviceCIDR,
  podDisruptionBudget,
  clusterRoleBinding,
  clusterRole,
  roleBinding,
  role,
  csiDriver,
  csiNode,
  csiStorageCapacity,
  storageClass,
  volumeAttachment,
  volumeAttributesClass,
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  mutatingWebhookConfiguration,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  validatingWebhookConfiguration,
  customResourceDefinition,
  priorityClass,
  lease,
  runtimeClass,
  endpointSlice,
  flowSchema,
  priorityLevelConfiguration,
  deviceClass,
  resourceClaim,
  resourceClaimTemplate,
  resourceSlice,
]

const byResource = new Map<string, Kind>()
const byKind = new Map<string, Kind>()
for (const kind of kinds) {
  byResource.set(`${kind.group}/${kind.version}/${kind.plural}`, kind)
  byKind.set(`${kind.group ? `${kind.group}/` : ''}${kind.version}/${kind.kind}`, kind)
}

/** The built-in kind served under a path's group ('' for core), version and plural name. */
export function findKind(group: string, version: string, plural: string): Kind | undefined {
  return byResource.get(`${group}/${version}/${plural}`)
}

/** The built-in kind an object names itself to be. */
export function findKindByGVK(apiVersion: string, kind: string): Kind | undefined {
  return byKind.get(`${apiVersion}/${kind}`)
}

import { attachDetachController } from './attachdetach/controller.ts'
import { bootstrapSignerController } from './bootstrap-signer/controller.ts'
import { certificateSigningRequestApprovingController } from './certificatesigningrequest-approving/controller.ts'
import { certificateSigningRequestCleanerController } from './certificatesigningrequest-cleaner/controller.ts'
import { certificateSigningRequestSigningController } from './certificatesigningrequest-signing/controller.ts'
import { clusterRoleAggregationController } from './clusterroleaggregation/controller.ts'
import type { Controller } from './context.ts'
import { cronJobController } from './cronjob/controller.ts'
import { daemonSetController } from './daemonset/controller.ts'
import { deploymentController } from './deployment/controller.ts'
import { deviceTaintEvictionController } from './device-taint-eviction/controller.ts'
import { disruptionController } from './disruption/controller.ts'
import { ephemeralVolumeController } from './ephemeral-volume/controller.ts'
import { endpointsController } from './endpoints/controller.ts'
import { endpointSliceController } from './endpointslice/controller.ts'
import { endpointSliceMirroringController } from './endpointslicemirroring/controller.ts'
import { garbageCollectorController } from './garbage-collector/controller.ts'
import { horizontalPodAutoscalerController } from './horizontal-pod-autoscaler/controller.ts'
import { jobController } from './job/controller.ts'
import { legacyServiceAccountTokenCleanerController } from './legacy-serviceaccount-token-cleaner/controller.ts'
import { localPathProvisioner } from './local-path-provisioner/controller.ts'
import { namespaceController } from './namespace/controller.ts'
import { nodeIpamController } from './node-ipam/controller.ts'
import { nodeLifecycleController } from './node-lifecycle/controller.ts'
import { persistentVolumeBinderController } from './persistentvolume-binder/controller.ts'
import { persistentVolumeExpanderController } from './persistentvolume-expander/controller.ts'
import { persistentVolumeClaimProtectionController } from './pvc-protection/controller.ts'
import { persistentVolumeProtectionController } from './pv-protection/controller.ts'
import { podGarbageCollectorController } from './pod-garbage-collector/controller.ts'
import { replicaSetController } from './replicaset/controller.ts'
import { replicationControllerController } from './replicationcontroller/controller.ts'
import { resourceClaimController } from './resourceclaim/controller.ts'
import { resourceQuotaController } from './resourcequota/controller.ts'
import { rootCACertPublisherController } from './root-ca-cert-publisher/controller.ts'
import { serviceAccountController } from './serviceaccount/controller.ts'
import { serviceAccountTokenController } from './serviceaccount-token/controller.ts'
import { serviceCIDRController } from './service-cidrs/controller.ts'
import { statefulSetController } from './statefulset/controller.ts'
import { storageVersionMigratorController } from './storage-version-migrator/controller.ts'
import { taintEvictionController } from './taint-eviction/controller.ts'
import { tokenCleanerController } from './token-cleaner/controller.ts'
import { ttlController } from './ttl/controller.ts'
import { ttlAfterFinishedController } from './ttl-after-finished/controller.ts'
import { validatingAdmissionPolicyStatusController } from './validatingadmissionpolicystatus/controller.ts'
import { volumeAttributesClassProtectionController } from './vac-protection/controller.ts'

/** All controllers in the order they start: what Pods need to start at all comes first. */
export const controllers: readonly Controller[] = [
  serviceAccountTokenController,
  serviceAccountController,
  rootCACertPublisherController,
  nodeIpamController,
  nodeLifecycleController,
  taintEvictionController,
  deviceTaintEvictionController,
  deploymentController,
  replicaSetController,
  replicationControllerController,
  statefulSetController,
  daemonSetController,
  jobController,
  cronJobController,
  ttlAfterFinishedController,
  endpointsController,
  endpointSliceController,
  endpointSliceMirroringController,
  disruptionController,
  horizontalPodAutoscalerController,
  serviceCIDRController,
  resourceQuotaController,
  namespaceController,
  ephemeralVolumeController,
  resourceClaimController,
  persistentVolumeBinderController,
  localPathProvisioner,
  attachDetachController,
  persistentVolumeExpanderController,
  persistentVolumeClaimProtectionController,
  persistentVolumeProtectionController,
  volumeAttributesClassProtectionController,
  podGarbageCollectorController,
  certificateSigningRequestSigningController,
  certificateSigningRequestApprovingController,
  certificateSigningRequestCleanerController,
  ttlController,
  bootstrapSignerController,
  tokenCleanerController,
  legacyServiceAccountTokenCleanerController,
  clusterRoleAggregationController,
  garbageCollectorController,
  validatingAdmissionPolicyStatusController,
  storageVersionMigratorController,
]

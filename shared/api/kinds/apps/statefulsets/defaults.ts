import type { StatefulSet } from '../../../types/apps-v1.ts'
import { defaultTemplate } from '../../pod-spec/defaults.ts'
import { canonicalize } from '../../quantities.ts'

// pkg/apis/apps/v1/defaults.go SetDefaults_StatefulSet
export function defaults({ spec }: StatefulSet): void {
  if (!spec) return
  spec.podManagementPolicy ||= 'OrderedReady'
  spec.updateStrategy ??= {}
  spec.updateStrategy.type ||= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {}
    spec.updateStrategy.rollingUpdate.partition ??= 0
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain'
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ||= 'v1'
    claim.kind ||= 'PersistentVolumeClaim'
    claim.spec.volumeMode ??= 'Filesystem'
    canonicalize(claim.spec.resources?.requests)
    claim.status ??= {}
    claim.status.phase ||= 'Pending'
  }
  defaultTemplate(spec.template)
}

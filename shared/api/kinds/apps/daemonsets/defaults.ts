import type { DaemonSet } from '../../../types/apps-v1.ts'
import { defaultTemplate } from '../../pod-spec/defaults.ts'

// pkg/apis/apps/v1/defaults.go SetDefaults_DaemonSet
export function defaults({ spec }: DaemonSet): void {
  if (!spec) return
  spec.updateStrategy ??= {}
  spec.updateStrategy.type ||= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {}
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0
  }
  spec.revisionHistoryLimit ??= 10
  defaultTemplate(spec.template)
}

import type { ReplicationController } from '../../../types/core-v1.ts'
import { defaultTemplate } from '../../pod-spec/defaults.ts'

// pkg/apis/core/v1/defaults.go SetDefaults_ReplicationController
export function defaults(obj: ReplicationController): void {
  const { spec } = obj
  if (!spec) return
  const labels = spec.template?.metadata?.labels
  if (labels) {
    if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels }
    if (Object.keys(obj.metadata.labels ?? {}).length === 0) obj.metadata.labels = { ...labels }
  }
  spec.replicas ??= 1
  defaultTemplate(spec.template)
}

import type { ReplicaSet } from '../../../types/apps-v1.ts'
import { defaultTemplate } from '../../pod-spec/defaults.ts'

// pkg/apis/apps/v1/defaults.go SetDefaults_ReplicaSet
export function defaults({ spec }: ReplicaSet): void {
  if (!spec) return
  spec.replicas ??= 1
  defaultTemplate(spec.template)
}

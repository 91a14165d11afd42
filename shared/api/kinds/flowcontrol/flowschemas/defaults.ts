import type { FlowSchema } from '../../../types/flowcontrol-v1.ts'

// pkg/apis/flowcontrol/v1/defaults.go SetDefaults_FlowSchemaSpec
export function defaults({ spec }: FlowSchema): void {
  spec.matchingPrecedence ||= 1000
}

import type { Secret } from '../../../types/core-v1.ts'

// pkg/apis/core/v1/defaults.go SetDefaults_Secret; conversion.go Convert_v1_Secret_To_core_Secret
export function defaults(obj: Secret): void {
  obj.type ||= 'Opaque'
  if (!obj.stringData) return
  obj.data ??= {}
  for (const [key, text] of Object.entries(obj.stringData)) obj.data[key] = Buffer.from(text).toString('base64')
  delete obj.stringData
}

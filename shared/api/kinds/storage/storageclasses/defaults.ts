import type { StorageClass } from '../../../types/storage-v1.ts'

// pkg/apis/storage/v1/defaults.go SetDefaults_StorageClass
export function defaults(obj: StorageClass): void {
  obj.reclaimPolicy ??= 'Delete'
  obj.volumeBindingMode ??= 'Immediate'
}

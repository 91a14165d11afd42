import { formatTime } from '../../../../machinery/time.ts'
import type { ResourceSlice } from '../../../types/resource-v1.ts'

/** A taint without a time has been there since now. */
// pkg/apis/resource/v1/defaults.go SetDefaults_DeviceTaint
export function defaultTaints({ spec }: ResourceSlice, now?: number): void {
  if (now === undefined) return
  for (const { taints = [] } of spec.devices ?? []) for (const taint of taints) taint.timeAdded ??= formatTime(now)
}

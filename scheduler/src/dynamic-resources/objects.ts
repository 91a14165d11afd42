import type { DeviceClass, ResourceClaim, ResourceSlice } from '@kubets/shared/api/types/resource-v1.ts'

/** What dynamic resources look up; claims by "namespace/name". */
export interface ResourceObjects {
  claim(key: string): ResourceClaim | undefined
  deviceClass(name: string): DeviceClass | undefined
  /** The same list as long as nothing changes. */
  slices(): readonly ResourceSlice[]
}

import { deviceClasses, pods, resourceClaims } from '@kubets/shared/api/resources.gen.ts'
import type { Devices } from '@kubets/shared/api/quota/resource-claims.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { DeviceClass, ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { kindOfRef } from '../../auth/lookup.ts'
import type { Registry } from '../../registry/types.ts'

/** What the caches hold beside a claim for devices. */
export const devicesOf = (registry: Registry): Devices => ({
  classes: () => registry.cached(kindOfRef(deviceClasses)).list() as Iterable<DeviceClass>,
  pod: (namespace, name) => registry.cached(kindOfRef(pods)).get(`${namespace}/${name}`) as Pod | undefined,
  claims: (namespace) => registry.cached(kindOfRef(resourceClaims)).list(namespace) as Iterable<ResourceClaim>,
})

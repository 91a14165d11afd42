import { endpoints } from '@kubets/shared/api/kinds/core/endpoints/kind.ts'
import { endpointSlice } from '@kubets/shared/api/kinds/discovery/endpointslices/kind.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Resource } from '../../storage/types.ts'
import type { Context } from '../context.ts'
import { create } from '../create.ts'
import { parseAddress } from '../services/addresses.ts'
import { keyOf, resourceOf } from '../stored.ts'
import type { RequestScope } from '../types.ts'
import { update } from '../update.ts'

/** Where apiservers say that they live; no kind has this name, so no client reaches it. */
const apiservers: Resource = { group: '', plural: 'apiserverleases' }

/** pkg/controlplane/instance.go DefaultEndpointReconcilerTTL: an apiserver that is gone vanishes after this time */
const ttlSeconds = 15

/**
 * Says that this apiserver lives, and makes the endpoints of the `kubernetes` Service those that do. To be called again
 * well within 15 s.
 */
// pkg/controlplane/reconcilers/lease.go leaseEndpointReconciler
export async function reconcileEndpoints(
  context: Context,
  scopeOf: (kind: Kind) => RequestScope,
  address: string,
  port: number,
): Promise<void> {
  const { storage } = context
  const cache = storage.resource(apiservers)
  const object = { apiVersion: 'v1', kind: 'Apiserver', metadata: { name: address }, port } as KubeObject
  const expect = Number(cache.get(address)?.resourceVersion ?? 0)
  await storage.commit([{ resource: apiservers, key: address, object, expect, ttlSeconds }])
  await storage.cache.fresh()
  const addresses = [...cache.under()].map(({ object: { metadata } }) => metadata.name ?? '').sort()
  const family = parseAddress(address)?.family ?? 'IPv4'
  const same = addresses.filter((other) => parseAddress(other)?.family === family)
  await put(context, scopeOf(endpoints), endpointsObject(addresses, port))
  await put(context, scopeOf(endpointSlice), sliceObject(same, port, family))
}

async function put(context: Context, scope: RequestScope, wanted: KubeObject): Promise<void> {
  const name = wanted.metadata.name ?? ''
  const stored = context.storage.resource(resourceOf(scope.kind)).get(keyOf(scope, name))
  if (!stored) await create(context, scope, wanted)
  // an update that changes nothing writes nothing
  else
    await update(context, scope, name, (current) => ({
      ...wanted,
      metadata: { ...current.metadata, labels: { ...wanted.metadata.labels } },
    }))
}

function endpointsObject(addresses: readonly string[], port: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      // the mirroring controller must leave these to us
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  } as KubeObject
}

// pkg/controlplane/reconcilers/endpointsadapter.go endpointSliceFromEndpoints
function sliceObject(addresses: readonly string[], port: number, addressType: string): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType,
    endpoints: addresses.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  } as KubeObject
}

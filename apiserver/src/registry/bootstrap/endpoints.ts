import { endpoints } from '@kubets/shared/api/kinds/core/endpoints/kind.ts'
import { endpointSlice } from '@kubets/shared/api/kinds/discovery/endpointslices/kind.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Resource } from '../../storage/types.ts'
import type { Context } from '../context.ts'
import { create } from '../create.ts'
import { parseAddress } from '@kubets/shared/machinery/addresses.ts'
import { keyOf, resourceOf } from '../stored.ts'
import type { RequestScope } from '../types.ts'
import { update } from '../update.ts'

/** Where apiservers say that they live; no kind has this name, so no client reaches it. */
const apiservers: Resource = { group: '', plural: 'apiserverleases' }

/** pkg/controlplane/instance.go DefaultEndpointReconcilerTTL: an apiserver that is gone vanishes after this time */
const ttlSeconds = 15

export interface Living {
  address: string
  port: number
  scopeOf: (kind: Kind) => RequestScope
}

/**
 * Says that this apiserver lives, and makes the endpoints of the `kubernetes` Service those that do. To be called again
 * well within 15 s.
 */
// pkg/controlplane/reconcilers/lease.go leaseEndpointReconciler
export async function reconcileEndpoints(context: Context, living: Living): Promise<void> {
  const { storage } = context
  const { address, port } = living
  const object = { apiVersion: 'v1', kind: 'Apiserver', metadata: { name: address }, port } as KubeObject
  const expect = Number(storage.resource(apiservers).get(address)?.resourceVersion ?? 0)
  await storage.commit([{ resource: apiservers, key: address, object, expect, ttlSeconds }])
  await storage.cache.fresh()
  const addresses = livingAddresses(context)
  if (addresses.length === 0)
    throw new Error('no apiserver is known to live: the endpoints of the kubernetes Service stay as they are')
  await putEndpoints(context, living, addresses)
}

/** Says that this apiserver lives no longer, so that clients go to the others before its lease ends. */
// pkg/controlplane/reconcilers/lease.go RemoveEndpoints
export async function leaveEndpoints(context: Context, living: Living): Promise<void> {
  const { storage } = context
  const held = storage.resource(apiservers).get(living.address)
  const gone = { resource: apiservers, key: living.address, object: undefined }
  if (held) await storage.commit([{ ...gone, expect: Number(held.resourceVersion) }])
  await storage.cache.fresh()
  await putEndpoints(context, living, livingAddresses(context))
}

function livingAddresses({ storage }: Context): string[] {
  return [...storage.resource(apiservers).under()].map(({ object: { metadata } }) => metadata.name ?? '').sort()
}

async function putEndpoints(context: Context, living: Living, addresses: readonly string[]): Promise<void> {
  const { address, port, scopeOf } = living
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
      metadata: { ...current.metadata, labels: { ...current.metadata.labels, ...wanted.metadata.labels } },
    }))
}

function endpointsObject(addresses: readonly string[], port: number): KubeObject {
  const ports = [{ name: 'https', port, protocol: 'TCP' }]
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      // the mirroring controller must leave these to us
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: addresses.length === 0 ? [] : [{ addresses: addresses.map((ip) => ({ ip })), ports }],
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

import { findKindByGVK } from '@kubets/shared/api/kinds/index.ts'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { startEtcd } from '@kubets/shared/testing/etcd.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { createRegistry } from './registry.ts'
import type { Registry, RequestScope } from './types.ts'

// What the component tests of this folder share.

/** A registry that has finished its bootstrap, with 254 cluster IPs and 100 node ports to give. */
export async function openRegistry(etcdServer: string, advertiseAddress = '10.0.0.1'): Promise<Registry> {
  const opened = startRegistry(etcdServer, advertiseAddress)
  await waitFor(async () => (await opened.health()) === undefined, 'the registry is ready')
  return opened
}

/** Two registries on an etcd of their own, as two API servers have them. */
export async function openTwoRegistries() {
  const etcd = await startEtcd()
  const registry = await openRegistry(etcd.endpoint, '10.0.0.1')
  const second = await openRegistry(etcd.endpoint, '10.0.0.2')
  return {
    etcd,
    registry,
    second,
    async stop() {
      await Promise.all([registry.close(), second.close()])
      await etcd.stop()
    },
  }
}

export function startRegistry(etcdServer: string, advertiseAddress = '10.0.0.1'): Registry {
  return createRegistry({
    etcdServers: [etcdServer],
    etcdPrefix: '/registry',
    clock: realClock,
    log: silentLogger,
    serviceClusterIPRanges: ['10.96.0.0/24'],
    nodePortRange: { min: 30000, max: 30099 },
    advertiseAddress,
    securePort: 6443,
  })
}

/** A request about a kind that nobody aborts. */
export function scope(apiVersion: string, kind: string, namespace?: string): RequestScope {
  const found = findKindByGVK(apiVersion, kind)
  if (!found) throw new Error(`no kind ${apiVersion} ${kind}`)
  const place = namespace === undefined ? {} : { namespace }
  return { kind: found, dryRun: false, warn: () => undefined, signal: new AbortController().signal, ...place }
}

export const maps = (namespace: string): RequestScope => scope('v1', 'ConfigMap', namespace)

export function map(name: string, metadata: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata } }
}

import { isIPv4 } from 'node:net'
import { endpointSlices, nodes, services } from '@kubets/shared/api/resources.gen.ts'
import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import { Client } from '@kubets/shared/client/client.ts'
import { loadKubeconfig } from '@kubets/shared/client/config.ts'
import { InformerFactory } from '@kubets/shared/client/informer.ts'
import { realClock as clock } from '@kubets/shared/process/clock.ts'
import { createLogger } from '@kubets/shared/process/logging.ts'
import { createRegistry } from '@kubets/shared/process/metrics.ts'
import { runMain } from '@kubets/shared/process/signals.ts'
import { run } from './command.ts'
import { forgetFlows } from './conntrack.ts'
import { HealthCheckServers } from './health-checks.ts'
import { IptablesBackend, supportsRandomFully } from './iptables/backend.ts'
import { ProxyMetrics } from './metrics.ts'
import { readOptions } from './options.ts'
import { Proxier } from './proxier.ts'
import type { ProxyNode } from './rules/model.ts'
import { serve } from './servers.ts'
import { procSysctls } from './sysctls.ts'

// Services that another proxy serves, and headless ones: cmd/kube-proxy/app/server.go
const labelSelector = '!service.kubernetes.io/service-proxy-name,!service.kubernetes.io/headless'
// cluster-autoscaler's mark on a node that it is about to remove
const toBeDeleted = 'ToBeDeletedByClusterAutoscaler'

function proxyNode(name: string, node: Node | undefined): ProxyNode {
  const addresses = node?.status?.addresses ?? []
  return {
    name,
    ip: addresses.find(({ type, address }) => type === 'InternalIP' && isIPv4(address))?.address ?? '127.0.0.1',
    zone: node?.metadata.labels?.['topology.kubernetes.io/zone'] ?? '',
  }
}

await runMain('kube-proxy', async (signal) => {
  const options = readOptions(process.argv.slice(2))
  const log = createLogger('kube-proxy', { level: options.logLevel })
  const backend = new IptablesBackend({ run, sysctls: procSysctls, log })
  if (options.cleanup || options.kubeconfig === undefined) return backend.cleanup(signal)

  const config = { ...loadKubeconfig(options.kubeconfig), userAgent: 'kube-proxy' }
  const client = new Client(config, { clock })
  const informers = new InformerFactory(client, { clock, log })
  const serviceInformer = informers.informer(services, { labelSelector })
  const sliceInformer = informers.informer(endpointSlices, { labelSelector })
  const nodeInformer = informers.informer(nodes, { fieldSelector: `metadata.name=${options.nodeName}` })
  const node = (): Node | undefined => nodeInformer.lister.get(options.nodeName)

  const register = createRegistry()
  const proxier: Proxier = new Proxier({
    backend,
    services: () => serviceInformer.lister.list(),
    endpointSlices: () => sliceInformer.lister.list(),
    node: () => proxyNode(options.nodeName, node()),
    config: {
      clusterCIDR: options.clusterCIDR,
      serviceCIDR: options.serviceCIDR,
      localhostNodePorts: options.localhostNodePorts,
      masqueradeBit: 14,
      randomFully: await supportsRandomFully(run, signal),
    },
    forgetFlows: (flows) => forgetFlows(flows, { run, log, signal }),
    healthChecks: new HealthCheckServers({ log, healthy: () => proxier.health().healthy }),
    metrics: new ProxyMetrics(register, backend.mode),
    clock,
    log,
    minSyncPeriodMs: options.minSyncPeriodMs,
    syncPeriodMs: options.syncPeriodMs,
  })
  const changed = (): void => proxier.changed()
  serviceInformer.addHandler({ add: changed, update: changed, delete: changed })
  sliceInformer.addHandler({ add: changed, update: changed, delete: changed })
  nodeInformer.addHandler({
    add: changed,
    // a node's status changes all the time; its place and address hardly ever
    update: (old, now) => {
      const before = JSON.stringify(proxyNode(options.nodeName, old))
      if (before !== JSON.stringify(proxyNode(options.nodeName, now))) changed()
    },
  })

  const nodeEligible = (): boolean => {
    const { metadata, spec } = node() ?? {}
    return !metadata?.deletionTimestamp && !spec?.taints?.some((taint) => taint.key === toBeDeleted)
  }
  const metrics = (): Promise<string> => register.metrics()
  await serve({ options, proxier, mode: backend.mode, nodeEligible, metrics, clock, log }, signal)

  informers.start(signal)
  await informers.waitForSync(signal)
  proxier.start(signal)
  log.info({ node: options.nodeName, mode: backend.mode }, 'writing rules')
  await proxier.watchRules(signal)
})

import { configMaps } from '@kubets/shared/api/resources.gen.ts'
import type { Controller } from '../context.ts'
import { startPerNamespace } from '../per-namespace.ts'
import { publisherMetrics } from './metrics.ts'
import { configMapName, plan } from './plan.ts'

const name = 'root-ca-certificate-publisher-controller'

// pkg/controller/certificates/rootcacertpublisher/publisher.go
export const rootCACertPublisherController: Controller = {
  name,
  start: (context) => {
    const { rootCA } = context.options
    if (rootCA === undefined) return undefined
    const counts = publisherMetrics(context.registry)
    const published = context.informers.informer(configMaps, { fieldSelector: `metadata.name=${configMapName}` })
    return startPerNamespace(context, {
      controller: name,
      objects: published,
      objectName: configMapName,
      synced: counts.synced,
      ensure: async (namespace, signal) => {
        const current = published.lister.get(configMapName, namespace.metadata.name)
        const action = plan(namespace, current, rootCA)
        if (action?.type === 'create')
          await context.client.create(configMaps, action.configMap, { namespace: namespace.metadata.name, signal })
        if (action?.type === 'update') await context.client.update(configMaps, action.configMap, { signal })
      },
    })
  },
}

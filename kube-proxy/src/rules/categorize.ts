import { endpointText, externallyAccessible, type Endpoint, type ProxyNode, type ServicePort } from './model.ts'

interface Categorized {
  /** For traffic policy Cluster. */
  readonly cluster: readonly Endpoint[]
  /** For traffic policy Local. */
  readonly local: readonly Endpoint[]
  /** The union of both: what needs a way from this node. */
  readonly reachable: readonly Endpoint[]
  readonly hasAny: boolean
}

const servingTerminating = (endpoint: Endpoint): boolean => !endpoint.ready && endpoint.serving && endpoint.terminating

/**
 * Chooses the endpoints a Service port uses on this node. Ready ones; where there is none, those that still serve while
 * they terminate, decided for Cluster and Local on their own.
 */
// pkg/proxy/topology.go CategorizeEndpoints
export function categorize(endpoints: readonly Endpoint[], port: ServicePort, node: ProxyNode): Categorized {
  const external = externallyAccessible(port)
  // external traffic of policy Local still needs the cluster's endpoints: Pods and the host take the short way to them
  const usesCluster = !port.internalLocal || external
  const usesLocal = port.internalLocal || (port.externalLocal && external)

  let cluster: Endpoint[] = []
  if (usesCluster) {
    const ready = endpoints.filter((endpoint) => endpoint.ready)
    const allowed = hintFilter(ready, node)
    cluster = ready.length > 0 ? ready.filter(allowed) : endpoints.filter(servingTerminating)
  }
  if (!usesLocal) return { cluster, local: [], reachable: cluster, hasAny: cluster.length > 0 }

  const hasAny = endpoints.some((endpoint) => endpoint.ready || servingTerminating(endpoint))
  const onNode = endpoints.filter((endpoint) => endpoint.local)
  const readyOnNode = onNode.filter((endpoint) => endpoint.ready)
  const local = readyOnNode.length > 0 ? readyOnNode : onNode.filter(servingTerminating)

  const known = new Set(cluster.map(endpointText))
  const reachable = [...cluster, ...local.filter((endpoint) => !known.has(endpointText(endpoint)))]
  return { cluster, local, reachable, hasAny }
}

/**
 * Topology hints count only when every ready endpoint has them and one of them names this node, or else its zone.
 */
// pkg/proxy/topology.go topologyModeFromHints
function hintFilter(ready: readonly Endpoint[], node: ProxyNode): (endpoint: Endpoint) => boolean {
  const forNode = (endpoint: Endpoint): boolean => endpoint.nodeHints.includes(node.name)
  if (ready.every((endpoint) => endpoint.nodeHints.length > 0) && ready.some(forNode)) return forNode
  const forZone = (endpoint: Endpoint): boolean => endpoint.zoneHints.includes(node.zone)
  if (ready.every((endpoint) => endpoint.zoneHints.length > 0) && ready.some(forZone)) return forZone
  return () => true
}

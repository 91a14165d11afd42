import type { SecureContextOptions } from 'node:tls'
import { nodes, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Container, Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { badRequest, internal, notFound } from '@kubets/shared/machinery/errors.ts'
import type { Lookup } from '../auth/lookup.ts'

/** Where a request goes on to. */
export interface Target {
  protocol: 'http:' | 'https:'
  host: string
  port: number
  /** Path and query. */
  path: string
  /** Sent besides the client's. */
  headers?: Readonly<Record<string, string | string[]>>
  tls?: SecureContextOptions & { rejectUnauthorized: boolean; servername?: string }
}

/** The certificate with which the apiserver shows itself to kubelets, and the authority it checks theirs by. */
export interface KubeletTransport {
  cert?: string
  key?: string
  /** Absent: kubelets' certificates are not checked, as upstream without --kubelet-certificate-authority. */
  ca?: string
}

// kubeadm's order of --kubelet-preferred-address-types
const addressTypes = ['InternalIP', 'ExternalIP', 'Hostname']
const defaultKubeletPort = 10250

/** Where a node's kubelet listens. Throws 404 and 500. */
export async function kubeletTarget(
  lookup: Lookup,
  transport: KubeletTransport,
  nodeName: string,
  path: string,
  port?: number,
): Promise<Target> {
  const node = await lookup.get(nodes, nodeName)
  if (node === undefined) throw notFound({ group: '', plural: 'nodes' }, nodeName)
  return {
    protocol: 'https:',
    host: nodeAddress(node),
    port: port ?? (node.status?.daemonEndpoints?.kubeletEndpoint?.Port || defaultKubeletPort),
    path,
    tls: { ...transport, rejectUnauthorized: transport.ca !== undefined },
  }
}

// pkg/util/node/node.go GetPreferredNodeAddress
function nodeAddress(node: Node): string {
  for (const type of addressTypes) {
    const found = node.status?.addresses?.find((address) => address.type === type)?.address
    if (found) return found
  }
  throw internal(new Error(`no preferred addresses found; known addresses: []`))
}

/** Names of containers of each sort, in the Pod's order. */
const names = (containers: readonly { name: string }[] | undefined): string[] =>
  (containers ?? []).map(({ name }) => name)

// pkg/registry/core/pod/strategy.go podHasContainerWithName and the checks of LogLocation, streamLocation
/** The container asked for, or the only one. Throws 400. */
export function chooseContainer(pod: Pod, container: string): string {
  const { containers, initContainers, ephemeralContainers } = pod.spec
  const name = pod.metadata.name ?? ''
  if (container === '') {
    const regular = names(containers as Container[])
    if (regular.length === 1 && regular[0] !== undefined) return regular[0]
    if (regular.length === 0) throw badRequest(`a container name must be specified for pod ${name}`)
    let text = `a container name must be specified for pod ${name}, choose one of: [${regular.join(' ')}]`
    if (initContainers?.length) text += ` or one of the init containers: [${names(initContainers).join(' ')}]`
    if (ephemeralContainers?.length) {
      text += ` or one of the ephemeral containers: [${names(ephemeralContainers).join(' ')}]`
    }
    throw badRequest(text)
  }
  const all = [...names(containers), ...names(initContainers), ...names(ephemeralContainers)]
  if (!all.includes(container)) throw badRequest(`container ${container} is not valid for pod ${name}`)
  return container
}

/** Throws 404. */
export async function podNamed(lookup: Lookup, name: string, namespace: string): Promise<Pod> {
  const pod = await lookup.get(pods, name, namespace)
  if (pod === undefined) throw notFound({ group: '', plural: 'pods' }, name)
  return pod
}

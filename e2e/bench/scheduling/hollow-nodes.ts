import { leases, nodes, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Informer } from '@kubets/shared/client/informer.ts'
import { runningStatus } from '../../harness/running-status.ts'
import { throughput } from '../stats.ts'

export const zoneKey = 'topology.kubernetes.io/zone'
const zones = 10
/** Status reports on their way at a time. */
const maxReports = 32

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`

/** Nodes of which nothing is there but the object and its Lease: ready, and with room for 110 Pods. */
export async function createNodes(client: Client, count: number): Promise<void> {
  await throughput(count, 32, async (index) => {
    const name = `hollow-${String(index)}`
    await client.create(nodes, hollowNode(name, index), {})
    // admission says that it is not ready, whatever its status is; the controller that knows better may not be there
    await client.patch(nodes, name, { spec: { taints: null } }, { type: 'merge' })
    const spec = { holderIdentity: name, leaseDurationSeconds: 3600, renewTime: now().replace('Z', '.000000Z') }
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec }
    await client.create(leases, lease, { namespace: 'kube-node-lease' })
  })
}

function hollowNode(name: string, index: number): Node {
  const resources = { cpu: '32', memory: '256Gi', pods: '110' }
  const labels = { 'kubernetes.io/hostname': name, [zoneKey]: `zone-${String(index % zones)}` }
  const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: now(), lastTransitionTime: now() }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec: {},
    status: {
      capacity: resources,
      allocatable: resources,
      addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
      conditions: [ready],
    },
  }
}

/**
 * Reports as all nodes' kubelets would: Pods that have a node run and are ready, and those that are deleted are gone.
 * Ends with the signal, at the latest when the client is closed.
 */
export function reportPods(client: Client, informer: Informer<Pod>, signal: AbortSignal): void {
  const waiting = new Map<string, Pod>()
  let running = 0
  const next = (): void => {
    for (const [uid, pod] of waiting) {
      if (running >= maxReports || signal.aborted) return
      waiting.delete(uid)
      running++
      void report(client, pod)
        // who is gone needs no report
        .catch(() => undefined)
        .finally(() => {
          running--
          next()
        })
    }
  }
  const look = (pod: Pod): void => {
    const isNew = pod.spec.nodeName && pod.status?.phase === 'Pending'
    if (!isNew && !pod.metadata.deletionTimestamp) return
    waiting.set(pod.metadata.uid ?? '', pod)
    next()
  }
  informer.addHandler({ add: look, update: (_old, pod) => look(pod) })
}

async function report(client: Client, { metadata, spec }: Pod): Promise<void> {
  const { name = '', namespace, uid } = metadata
  if (metadata.deletionTimestamp) {
    await client.delete(pods, name, { namespace, gracePeriodSeconds: 0, preconditions: { uid } })
    return
  }
  await client.patch(
    pods,
    name,
    { status: runningStatus(spec, now()) },
    { type: 'strategic', namespace, subresource: 'status' },
  )
}

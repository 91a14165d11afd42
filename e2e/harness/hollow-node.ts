import { setTimeout as sleep } from 'node:timers/promises'
import type { Api, ApiList, ApiObject } from './api.ts'
import { hollow } from './namespace.ts'
import { runningStatus, type Containers } from './running-status.ts'

/** A node without a machine: its Pods are said to run, and to have ended when they are deleted. */
export interface HollowNode {
  readonly name: string
  /** Takes the node and its Pods away. */
  stop(): Promise<void>
}

/** What keeps everybody else's Pods off a hollow node; its own must tolerate it. */
export const hollowTaint = { key: hollow, effect: 'NoSchedule' }

const nodeRoot = '/api/v1/nodes'
const leaseRoot = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
const lookMs = 500
const renewMs = 5_000

/**
 * Registers a node and keeps it ready, as a kubelet does. Its Pods become ready when their images are the test images.
 * @param labels further labels of the node
 */
export async function startHollowNode(
  api: Api,
  name: string,
  labels: Record<string, string> = {},
): Promise<HollowNode> {
  const resources = { cpu: '4', memory: '8Gi', pods: '110' }
  await api.call('POST', nodeRoot, {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, [hollow]: 'true', ...labels } },
    spec: { taints: [hollowTaint] },
    status: {
      capacity: resources,
      allocatable: resources,
      addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() }],
    },
  })
  const now = (): string => new Date().toISOString().replace('Z', '000Z')
  await api.call('POST', leaseRoot, {
    metadata: { name },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: now() },
  })

  const look = async (): Promise<void> => {
    const { items } = await api.call<ApiList>('GET', `/api/v1/pods?fieldSelector=spec.nodeName%3D${name}`)
    for (const pod of items) {
      const path = `/api/v1/namespaces/${pod.metadata.namespace ?? ''}/pods/${pod.metadata.name}`
      if (pod.metadata.deletionTimestamp) await api.send('DELETE', path, { gracePeriodSeconds: 0 })
      else if (isStarting(pod))
        await api.send('PATCH', `${path}/status`, {
          status: runningStatus(pod['spec'] as Containers, new Date().toISOString()),
        })
    }
  }
  const stopped = new AbortController()
  const work = async (): Promise<void> => {
    let renewed = performance.now()
    while (!stopped.signal.aborted) {
      // the next look does what this one could not
      await look().catch(() => undefined)
      if (performance.now() - renewed > renewMs) {
        renewed = performance.now()
        await api.send('PATCH', `${leaseRoot}/${name}`, { spec: { renewTime: now() } }).catch(() => undefined)
      }
      await sleep(lookMs, undefined, { signal: stopped.signal }).catch(() => undefined)
    }
  }
  const working = work()
  return {
    name,
    async stop() {
      stopped.abort()
      await working
      await api.send('DELETE', `${nodeRoot}/${name}`)
      await api.send('DELETE', `${leaseRoot}/${name}`)
      const { items } = await api.call<ApiList>('GET', `/api/v1/pods?fieldSelector=spec.nodeName%3D${name}`)
      for (const { metadata } of items) {
        const path = `/api/v1/namespaces/${metadata.namespace ?? ''}/pods/${metadata.name}`
        await api.send('DELETE', path, { gracePeriodSeconds: 0 })
      }
    },
  }
}

function isStarting(pod: ApiObject): boolean {
  const { containers } = pod['spec'] as Containers
  const { phase } = pod['status'] as { phase: string }
  return phase === 'Pending' && containers.every(({ image }) => image?.startsWith('kubets/'))
}

import { leases, nodes as nodesRef, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { runWorkers } from '@kubets/shared/client/controller.ts'
import { InformerFactory } from '@kubets/shared/client/informer.ts'
import { WorkQueue } from '@kubets/shared/client/workqueue.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { realClock as clock } from '@kubets/shared/process/clock.ts'
import { runningStatus } from '../../harness/running-status.ts'

const renewMs = 5_000

interface HollowNodes {
  readonly names: readonly string[]
  stop(): Promise<void>
}

/**
 * Nodes without machines. Their Pods run, and those of Jobs end after a moment, now and then with a failure; a Pod that
 * is told to go has its end reported first, as by a kubelet.
 * @param random decides how long and how well the Pods of Jobs run
 */
export const startHollowNodes = async (client: Client, count: number, random: () => number): Promise<HollowNodes> => {
  const stopping = new AbortController()
  const names = Array.from({ length: count }, (_, i) => `hollow-${String(i)}`)
  const now = (): string => new Date(clock.now()).toISOString()
  const resources = { cpu: '16', memory: '32Gi', pods: '60' }
  for (const name of names) {
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: now(), reason: 'KubeletReady' }]
    await client.create(nodesRef, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      spec: {},
      status: { capacity: resources, allocatable: resources, conditions },
    })
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: now().replace('Z', '000Z') }
    const metadata = { name, namespace: 'kube-node-lease' }
    await client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
  }

  const informers = new InformerFactory(client, { clock, log })
  const pods = informers.informer(podsRef)
  const queue = new WorkQueue({ name: 'pods', clock, maxDelayMs: 1_000 })
  const enqueue = (pod: Pod): void => {
    if (names.includes(pod.spec.nodeName ?? '')) queue.add(objectKey(pod))
  }
  pods.addHandler({ add: enqueue, update: (_, pod) => enqueue(pod) })

  // Only of a Pod as it is now, else one that was told to go would succeed. After a conflict the change that made it
  // has it looked at again.
  const report = (pod: Pod, status: object): Promise<unknown> => {
    const { name = '', namespace, uid, resourceVersion } = pod.metadata
    const options = { type: 'strategic', namespace, subresource: 'status' } as const
    return client.patch(podsRef, name, { metadata: { uid, resourceVersion }, status }, options)
  }
  const ends = new Map<string, number>()
  let address = 0
  const reconcile = async (key: string): Promise<void> => {
    const pod = pods.lister.byKey(key)
    if (pod === undefined) return
    const { metadata, spec, status } = pod
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed'
    const uid = metadata.uid ?? ''
    if (metadata.deletionTimestamp !== undefined) {
      if (!isOver) await report(pod, ended('Failed'))
      const preconditions = { uid }
      const { namespace } = metadata
      await client.delete(podsRef, metadata.name ?? '', { namespace, gracePeriodSeconds: 0, preconditions })
      ends.delete(uid)
      return
    }
    if (isOver) return
    if (status?.phase !== 'Running') {
      address += 1
      const podIP = `10.77.${String(address >> 8)}.${String(address & 255)}`
      await report(pod, { ...runningStatus(spec, now()), podIP, podIPs: [{ ip: podIP }] })
      return
    }
    if (spec.restartPolicy === 'Always') return
    const end = ends.get(uid) ?? clock.now() + 100 + random() * 900
    ends.set(uid, end)
    const left = end - clock.now()
    if (left > 0) queue.addAfter(key, left)
    else {
      await report(pod, ended(random() < 0.1 ? 'Failed' : 'Succeeded'))
      ends.delete(uid)
    }
  }
  const tolerant = (key: string): Promise<void> =>
    reconcile(key).catch((error: unknown) => {
      if (!isNotFound(error) && !isConflict(error)) throw error
    })
  informers.start(stopping.signal)
  const working = runWorkers({ name: 'pods', queue, workers: 4, reconcile: tolerant, clock, log }, stopping.signal)
  const renew = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const spec = { renewTime: now().replace('Z', '000Z') }
      const options = { type: 'merge', namespace: 'kube-node-lease' } as const
      await Promise.all(names.map((name) => client.patch(leases, name, { spec }, options)))
      await clock.sleep(renewMs, stopping.signal).catch(() => undefined)
    }
  }
  const renewing = renew()
  return {
    names,
    async stop() {
      stopping.abort()
      await Promise.all([working, renewing])
    },
  }
}

const ended = (phase: 'Succeeded' | 'Failed'): object => ({
  phase,
  conditions: ['ContainersReady', 'Ready'].map((type) => ({ type, status: 'False', reason: 'PodCompleted' })),
  containerStatuses: [
    {
      name: 'main',
      image: 'none',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode: phase === 'Succeeded' ? 0 : 1 } },
    },
  ],
})

import { leases } from '@kubets/shared/api/resources.gen.ts'
import type { Lease } from '@kubets/shared/api/types/coordination-v1.ts'
import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { formatMicroTime } from '@kubets/shared/machinery/time.ts'
import { leaseDurationSeconds } from './heartbeat.ts'

// k8s.io/component-helpers/apimachinery/lease/controller.go, with the kubelet's numbers
const namespace = 'kube-node-lease'
const renewMs = (leaseDurationSeconds * 1000) / 4
const firstRetryMs = 100
const longestRetryMs = 7000

export interface LeaseOptions {
  /** The one for signs of life. */
  client: Client
  clock: Clock
  log: Logger
  nodeName: string
  /** The Node object, which owns the Lease, when it is known. */
  node(): Promise<Node | undefined>
}

/** Renews the node's Lease every ten seconds: its heartbeat. */
export async function keepLease(options: LeaseOptions, signal: AbortSignal): Promise<void> {
  const { clock, log } = options
  let lease: Lease | undefined
  let retryMs = firstRetryMs
  while (!signal.aborted) {
    let wait = renewMs
    try {
      lease = await renew(options, lease, signal)
      retryMs = firstRetryMs
    } catch (error) {
      if (signal.aborted) return
      log.warn({ error: error instanceof Error ? error.message : String(error) }, 'Lease could not be renewed')
      lease = undefined
      wait = retryMs
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    }
    await clock.sleep(wait, signal).catch(() => undefined)
  }
}

async function renew(options: LeaseOptions, known: Lease | undefined, signal: AbortSignal): Promise<Lease> {
  const { client, clock, nodeName } = options
  const lease = known ?? (await find(client, nodeName, signal))
  const renewTime = formatMicroTime(clock.now())
  if (lease) return client.update(leases, { ...lease, spec: { ...lease.spec, renewTime } }, { signal })
  const node = await options.node()
  const uid = node?.metadata.uid
  const owners = uid === undefined ? [] : [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }]
  return client.create(
    leases,
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: nodeName, namespace, ownerReferences: owners },
      spec: { holderIdentity: nodeName, leaseDurationSeconds, renewTime },
    },
    { signal },
  )
}

async function find(client: Client, nodeName: string, signal: AbortSignal): Promise<Lease | undefined> {
  try {
    return await client.get(leases, nodeName, { namespace, signal })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

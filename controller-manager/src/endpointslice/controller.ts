import {
  endpointSlices,
  nodes as nodesRef,
  pods as podsRef,
  services as servicesRef,
} from '@kubets/shared/api/resources.gen.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf, namespaceIsGoing } from '../failure.ts'
import { Expectations, expectationLapseMs } from '../pods/expectations.ts'
import { runLoop } from '../run-loop.ts'
import { watchServicePods } from '../services/changes.ts'
import { followsPods, selects } from '../services/service-pods.ts'
import { TriggerTimes } from '../services/trigger-time.ts'
import { asksForHints } from './hints.ts'
import { managedBy, managedByLabel, serviceNameLabel } from './names.ts'
import { failedUpdate, failedWrite, plan } from './plan.ts'
import { cpuShares, partOf } from './zones.ts'

const name = 'endpointslice-controller'
const sliceIndex = 'managed-for-service'
/** Nodes come and change many at a time. */
const nodesBatchMs = 100

const serviceKey = (slice: EndpointSlice): string | undefined => {
  const labels = slice.metadata.labels ?? {}
  if (labels[managedByLabel] !== managedBy || !labels[serviceNameLabel]) return undefined
  return `${slice.metadata.namespace}/${labels[serviceNameLabel]}`
}

const start = (context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const recorder = context.recorder('endpoint-slice-controller')
  const services = informers.informer(servicesRef)
  const pods = informers.informer(podsRef)
  const nodes = informers.informer(nodesRef)
  const slices = informers.informer(endpointSlices)
  const queue = context.queue(name)
  const triggers = new TriggerTimes()
  // Created slices the cache does not show yet: planning without them would create them twice.
  const expectations = new Expectations(() => clock.elapsed())
  const waitingForNodes = new Set<string>()
  /** Services whose endpoints zones share out. */
  const shared = new Set<string>()
  const topology = context.queue(`${name}-topology`)
  /** Worked out when it is first asked for. */
  let zones: { shares: ReadonlyMap<string, number> | undefined } | undefined
  const currentShares = (): ReadonlyMap<string, number> | undefined =>
    (zones ??= { shares: cpuShares(nodes.lister.list()) }).shares

  slices.addIndex(sliceIndex, (slice) => {
    const key = serviceKey(slice)
    return key ? [key] : []
  })
  watchServicePods(services, pods, (key) => queue.add(key))
  slices.addHandler({
    add: (slice) => {
      const key = serviceKey(slice)
      if (!key) return
      expectations.creationSeen(key)
      queue.add(key)
    },
    update: (old, slice) => {
      for (const key of new Set([serviceKey(old), serviceKey(slice)])) if (key) queue.add(key)
    },
    delete: (slice) => {
      const key = serviceKey(slice)
      if (key) queue.add(key)
    },
  })
  nodes.addHandler({
    add: () => {
      for (const key of waitingForNodes) queue.add(key)
      topology.addAfter('nodes', nodesBatchMs)
    },
    update: (old, node) => {
      if (!deepEqual(partOf(old), partOf(node))) topology.addAfter('nodes', nodesBatchMs)
    },
    delete: () => topology.addAfter('nodes', nodesBatchMs),
  })
  /** Services that share out by zones are looked at again when these have other parts. */
  // pkg/controller/endpointslice/endpointslice_controller.go checkNodeTopologyDistribution
  const lookAtZones = (): Promise<void> => {
    const before = zones
    zones = undefined
    const asking = services.lister.list().filter(asksForHints)
    if (asking.length > 0 && !deepEqual([...(before?.shares ?? [])], [...(currentShares() ?? [])]))
      for (const service of asking) queue.add(objectKey(service))
    return Promise.resolve()
  }

  const remove = async (slice: EndpointSlice, signal: AbortSignal): Promise<void> => {
    const { name: sliceName = '', namespace, uid } = slice.metadata
    try {
      await client.delete(endpointSlices, sliceName, { namespace, preconditions: { uid }, signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  const update = async (slice: EndpointSlice, signal: AbortSignal): Promise<void> => {
    try {
      await client.update(endpointSlices, slice, { signal })
    } catch (error) {
      // The slice went since the cache was read; the event of that brings the Service back.
      if (!isNotFound(error)) throw error
    }
  }

  /** A write whose error says what was to be written, unless the cache was but stale. */
  const told = async (
    verb: 'create' | 'update' | 'delete',
    slice: EndpointSlice,
    key: string,
    write: Promise<void>,
  ): Promise<void> => {
    try {
      await write
    } catch (error) {
      if (isConflict(error)) throw error
      throw new Error(failedWrite(verb, slice, key, messageOf(error)), { cause: error })
    }
  }

  const create = async (key: string, slice: EndpointSlice, signal: AbortSignal): Promise<void> => {
    try {
      await client.create(endpointSlices, slice, { namespace: slice.metadata.namespace, signal })
    } catch (error) {
      expectations.creationSeen(key)
      if (!namespaceIsGoing(error)) throw error
    }
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    waitingForNodes.delete(key)
    const service = services.lister.byKey(key)
    if (!service) {
      // Its slices go with it by their owner reference.
      shared.delete(key)
      triggers.forget(key)
      expectations.forget(key)
      return
    }
    if (!followsPods(service)) return
    if (!expectations.satisfied(key)) return queue.addAfter(key, expectationLapseMs)
    const selected = pods.lister
      .list(service.metadata.namespace)
      .filter((pod) => selects(service, pod.metadata.labels ?? {}))
    const actions = plan({
      service,
      pods: selected,
      slices: slices.lister.byIndex(sliceIndex, key).filter((slice) => slice.metadata.deletionTimestamp === undefined),
      node: (nodeName) => nodes.lister.get(nodeName),
      triggerTime: triggers.next(key, service, selected),
      maxEndpointsPerSlice: context.options.maxEndpointsPerSlice,
      zoneShares: asksForHints(service) ? currentShares() : undefined,
      wasShared: shared.has(key),
    })
    if (actions.isShared) shared.add(key)
    else shared.delete(key)
    for (const { type, reason, message } of actions.events) recorder.event(service, type, reason, message)
    if (actions.incomplete) waitingForNodes.add(key)
    if (actions.create.length > 0) expectations.expectCreations(key, actions.create.length)
    const results = await Promise.allSettled([
      ...actions.create.map((slice) => told('create', slice, key, create(key, slice, signal))),
      ...actions.update.map((slice) => told('update', slice, key, update(slice, signal))),
      ...actions.delete.map((slice) => told('delete', slice, key, remove(slice, signal))),
    ])
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      // A stale cache is no failure worth an event.
      if (isConflict(result.reason)) throw result.reason
      const text = failedUpdate(key, messageOf(result.reason))
      recorder.event(service, 'Warning', 'FailedToUpdateEndpointSlices', text)
      throw result.reason
    }
  }

  const work = runLoop(context, { name, queue, workers: context.options.syncs['service-endpoint'], reconcile })
  const follow = runLoop(context, { name: `${name}-topology`, queue: topology, workers: 1, reconcile: lookAtZones })
  return async (signal) => {
    await Promise.all([work(signal), follow(signal)])
  }
}

// pkg/controller/endpointslice/endpointslice_controller.go
export const endpointSliceController: Controller = { name, start }

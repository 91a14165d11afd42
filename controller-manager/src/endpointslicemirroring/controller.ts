import {
  endpoints as endpointsRef,
  endpointSlices as slicesRef,
  services as servicesRef,
} from '@kubets/shared/api/resources.gen.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { namespaceIsGoing } from '../failure.ts'
import { managedByLabel, serviceNameLabel } from '../endpointslice/names.ts'
import { Expectations, expectationLapseMs } from '../pods/expectations.ts'
import { runLoop } from '../run-loop.ts'
import { isMirrored, managedBy, mostAddresses, plan } from './plan.ts'

const name = 'endpointslice-mirroring-controller'
const component = 'endpoint-slice-mirroring-controller'
const sliceIndex = 'mirrored-for-endpoints'

/** The key of the Endpoints that a slice mirrors. */
const mirroredKey = ({ metadata }: EndpointSlice): string | undefined => {
  const labels = metadata.labels ?? {}
  if (labels[managedByLabel] !== managedBy || !labels[serviceNameLabel]) return undefined
  return `${metadata.namespace}/${labels[serviceNameLabel]}`
}

const start = (context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const recorder = context.recorder(component)
  const endpoints = informers.informer(endpointsRef)
  const services = informers.informer(servicesRef)
  const slices = informers.informer(slicesRef)
  const queue = context.queue(name)
  // created slices the cache does not show yet: planning without them would create them twice
  const expectations = new Expectations(() => clock.elapsed())

  slices.addIndex(sliceIndex, (slice) => {
    const key = mirroredKey(slice)
    return key ? [key] : []
  })
  const look = (object: { metadata: { namespace?: string; name?: string } }): void => queue.add(objectKey(object))
  endpoints.addHandler({ add: look, update: (_, now) => look(now), delete: look })
  services.addHandler({ add: look, update: (_, now) => look(now), delete: look })
  slices.addHandler({
    add: (slice) => {
      const key = mirroredKey(slice)
      if (!key) return
      expectations.creationSeen(key)
      queue.add(key)
    },
    update: (old, slice) => {
      for (const key of new Set([mirroredKey(old), mirroredKey(slice)])) if (key) queue.add(key)
    },
    delete: (slice) => {
      const key = mirroredKey(slice)
      if (key) queue.add(key)
    },
  })

  const create = async (key: string, slice: EndpointSlice, signal: AbortSignal): Promise<void> => {
    try {
      await client.create(slicesRef, slice, { signal })
    } catch (error) {
      expectations.creationSeen(key)
      if (!namespaceIsGoing(error)) throw error
    }
  }
  const unlessGone = async (write: Promise<unknown>): Promise<void> => {
    try {
      await write
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  const remove = ({ metadata }: EndpointSlice, signal: AbortSignal): Promise<void> => {
    const { name: sliceName = '', namespace, uid } = metadata
    return unlessGone(client.delete(slicesRef, sliceName, { namespace, preconditions: { uid }, signal }))
  }

  // pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go syncEndpoints
  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const there = slices.lister.byIndex(sliceIndex, key).filter(({ metadata }) => !metadata.deletionTimestamp)
    const source = endpoints.lister.byKey(key)
    if (!source || !isMirrored(source, services.lister.byKey(key))) {
      expectations.forget(key)
      await Promise.all(there.map((slice) => remove(slice, signal)))
      return
    }
    if (!expectations.satisfied(key)) return queue.addAfter(key, expectationLapseMs)
    const planned = plan(source, there)
    if (planned.invalid > 0) {
      const text = `Skipped ${String(planned.invalid)} invalid IP addresses when mirroring to EndpointSlices`
      recorder.event(source, 'Warning', 'InvalidIPAddress', text)
    }
    if (planned.skipped > 0) {
      const text = `A max of ${String(mostAddresses)} addresses can be mirrored to EndpointSlices per Endpoints subset. ${String(planned.skipped)} addresses were skipped`
      recorder.event(source, 'Warning', 'TooManyAddressesToMirror', text)
    }
    if (planned.create.length > 0) expectations.expectCreations(key, planned.create.length)
    const results = await Promise.allSettled([
      ...planned.create.map((slice) => create(key, slice, signal)),
      ...planned.update.map((slice) => unlessGone(client.update(slicesRef, slice, { signal }))),
      ...planned.delete.map((slice) => remove(slice, signal)),
    ])
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  return runLoop(context, { name, queue, workers: context.options.mirroringSyncs, reconcile })
}

// pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go
export const endpointSliceMirroringController: Controller = { name, start }

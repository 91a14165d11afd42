import {
  endpoints as endpointsRef,
  pods as podsRef,
  services as servicesRef,
} from '@kubets/shared/api/resources.gen.ts'
import { isAlreadyExists, isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey, splitKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf, namespaceIsGoing } from '../failure.ts'
import { watchServicePods } from '../services/changes.ts'
import { followsPods, selects } from '../services/service-pods.ts'
import { TriggerTimes } from '../services/trigger-time.ts'
import { failedWrite, plan } from './plan.ts'
import { runLoop } from '../run-loop.ts'

const name = 'endpoints-controller'

const start = (context: ControllerContext): Run => {
  const { client, informers } = context
  const recorder = context.recorder('endpoint-controller')
  const services = informers.informer(servicesRef)
  const pods = informers.informer(podsRef)
  const endpoints = informers.informer(endpointsRef)
  const queue = context.queue(name)
  const triggers = new TriggerTimes()

  // Services seen going: whatever Endpoints bear their name go with them, also those that a user wrote.
  const gone = new Set<string>()

  watchServicePods(services, pods, (key) => queue.add(key))
  services.addHandler({
    add: (service) => gone.delete(objectKey(service)),
    delete: (service) => gone.add(objectKey(service)),
  })
  // Endpoints that someone deletes come back, and those left over from a time without us go.
  endpoints.addHandler({
    add: (object) => {
      if (!services.lister.byKey(objectKey(object))) queue.add(objectKey(object))
    },
    delete: (object) => queue.add(objectKey(object)),
  })

  const removeFor = async (key: string, signal: AbortSignal): Promise<void> => {
    triggers.forget(key)
    const left = endpoints.lister.byKey(key)
    // Others may keep Endpoints without a Service (leader election of old clients does); ours carry the label.
    const ours = left?.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller'
    if (!left || !(ours || gone.has(key))) {
      gone.delete(key)
      return
    }
    const { namespace, name: service } = splitKey(key)
    try {
      await client.delete(endpointsRef, service, { namespace, preconditions: { uid: left.metadata.uid }, signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    gone.delete(key)
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const service = services.lister.byKey(key)
    if (!service) return removeFor(key, signal)
    if (!followsPods(service)) return
    const { namespace } = service.metadata
    const selected = pods.lister.list(namespace).filter((pod) => selects(service, pod.metadata.labels ?? {}))
    const triggerTime = triggers.next(key, service, selected)
    const action = plan({ service, pods: selected, current: endpoints.lister.byKey(key), triggerTime })
    if (!action) return
    try {
      if (action.type === 'create') await client.create(endpointsRef, action.endpoints, { namespace, signal })
      else await client.update(endpointsRef, action.endpoints, { signal })
    } catch (error) {
      if (namespaceIsGoing(error) || isNotFound(error)) return
      // A stale cache is no failure worth an event.
      if (!isConflict(error) && !isAlreadyExists(error)) {
        const { reason, message } = failedWrite(action, messageOf(error))
        recorder.event(action.endpoints, 'Warning', reason, message)
      }
      throw error
    }
  }

  return runLoop(context, { name, queue, workers: context.options.syncs.endpoint, reconcile })
}

// pkg/controller/endpoint/endpoints_controller.go
export const endpointsController: Controller = { name, start }

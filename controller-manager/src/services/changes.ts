import type { Informer } from '@kubets/shared/client/informer.ts'
import type { Pod, Service } from '@kubets/shared/api/types/core-v1.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { followsPods, sameEndpoint, selects } from './service-pods.ts'

/** Calls `enqueue` with the key of every Service whose endpoints a change of a Service or a Pod may touch. */
export const watchServicePods = (
  services: Informer<Service>,
  pods: Informer<Pod>,
  enqueue: (key: string) => void,
): void => {
  const enqueueFor = (pod: Pod): void => {
    for (const service of services.lister.list(pod.metadata.namespace))
      if (followsPods(service) && selects(service, pod.metadata.labels ?? {})) enqueue(objectKey(service))
  }
  services.addHandler({
    add: (service) => enqueue(objectKey(service)),
    update: (_, service) => enqueue(objectKey(service)),
    delete: (service) => enqueue(objectKey(service)),
  })
  pods.addHandler({
    add: enqueueFor,
    update: (old, pod) => {
      if (old.metadata.resourceVersion === pod.metadata.resourceVersion || sameEndpoint(old, pod)) return
      enqueueFor(old)
      enqueueFor(pod)
    },
    delete: enqueueFor,
  })
}

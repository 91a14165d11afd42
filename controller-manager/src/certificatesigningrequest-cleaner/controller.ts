import { certificateSigningRequests } from '@kubets/shared/api/resources.gen.ts'
import type { CertificateSigningRequest } from '@kubets/shared/api/types/certificates-v1.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { timeLeft } from './plan.ts'

const name = 'certificatesigningrequest-cleaner-controller'

/** However far away the end is, it is looked at again after this. */
const longestWaitMs = 3_600_000

const start = (context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const requests = informers.informer(certificateSigningRequests)
  const queue = context.queue(name)
  const enqueue = (request: CertificateSigningRequest): void => {
    const left = timeLeft(request, clock.now())
    if (left !== undefined) queue.addAfter(objectKey(request), Math.min(left, longestWaitMs))
  }
  requests.addHandler({ add: enqueue, update: (_, request) => enqueue(request) })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const request = requests.lister.byKey(key)
    if (!request) return
    if (timeLeft(request, clock.now()) !== 0) return enqueue(request)
    const { name: requestName = '', uid, resourceVersion } = request.metadata
    try {
      await client.delete(certificateSigningRequests, requestName, { preconditions: { uid, resourceVersion }, signal })
    } catch (error) {
      // what has changed since comes back by itself
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }
  return runLoop(context, { name, queue, workers: 1, reconcile })
}

// pkg/controller/certificates/cleaner/cleaner.go
export const certificateSigningRequestCleanerController: Controller = { name, start }

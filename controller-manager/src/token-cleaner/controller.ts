import { secrets as secretsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { bootstrapTokenType } from '@kubets/shared/api/bootstrap-token.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { timeLeft } from './plan.ts'

const name = 'token-cleaner-controller'

/** However far away the end is, it is looked at again after this: timers reach no further than some weeks. */
const longestWaitMs = 24 * 3_600_000

const start = (context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const tokens = informers.informer(secretsRef, {
    namespace: 'kube-system',
    fieldSelector: `type=${bootstrapTokenType}`,
  })
  const queue = context.queue(name)
  const enqueue = (token: Secret): void => {
    const left = timeLeft(token, clock.now())
    if (left !== undefined) queue.addAfter(objectKey(token), Math.min(left, longestWaitMs))
  }
  tokens.addHandler({ add: enqueue, update: (_, token) => enqueue(token) })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const token = tokens.lister.byKey(key)
    if (!token) return
    if (timeLeft(token, clock.now()) !== 0) return enqueue(token)
    const { name: tokenName = '', namespace, uid } = token.metadata
    try {
      await client.delete(secretsRef, tokenName, { namespace, preconditions: { uid }, signal })
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }
  return runLoop(context, { name, queue, workers: 1, reconcile })
}

// pkg/controller/bootstrap/tokencleaner.go; off unless --controllers names it
export const tokenCleanerController: Controller = { name, start }

import {
  configMaps,
  pods as podsRef,
  secrets as secretsRef,
  serviceAccounts as accountsRef,
} from '@kubets/shared/api/resources.gen.ts'
import type { Secret, ServiceAccount } from '@kubets/shared/api/types/core-v1.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { accountNameOf, tokenType, uidAnnotation } from '../serviceaccount-token/plan.ts'
import { runLoop } from '../run-loop.ts'
import { secretNamesOf } from './mounted.ts'
import { dateOf, hasTrackedLongEnough, invalidSinceLabel, plan, trackingName } from './plan.ts'

const name = 'legacy-serviceaccount-token-cleaner-controller'
const syncIntervalMs = 24 * 3_600_000
const everything = 'all tokens'

const start = (context: ControllerContext): Run => {
  const { client, informers, options, clock, log } = context
  const accounts = informers.informer(accountsRef)
  const secrets = informers.informer(secretsRef, { fieldSelector: `type=${tokenType}` })
  const pods = informers.informer(podsRef)
  const queue = context.queue(name)
  const periodMs = options.legacyTokenCleanUpMs

  // pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go getServiceAccount
  const accountOf = (secret: Secret): ServiceAccount | undefined => {
    const account = accounts.lister.get(accountNameOf(secret), secret.metadata.namespace)
    const uid = secret.metadata.annotations?.[uidAnnotation] ?? ''
    return uid === '' || uid === account?.metadata.uid ? account : undefined
  }

  const clean = async (secret: Secret, now: number, signal: AbortSignal): Promise<void> => {
    const { name: secretName = '', namespace, uid, resourceVersion } = secret.metadata
    const isMounted = (): boolean => pods.lister.list(namespace).some((pod) => secretNamesOf(pod).includes(secretName))
    const action = plan({ secret, account: accountOf(secret), isMounted }, now, periodMs)
    if (action === 'mark') {
      const body = { metadata: { uid, labels: { [invalidSinceLabel]: dateOf(now) } } }
      await client.patch(secretsRef, secretName, body, { type: 'merge', namespace, signal })
    }
    if (action === 'delete') {
      await client.delete(secretsRef, secretName, { namespace, preconditions: { resourceVersion }, signal })
    }
  }

  const reconcile = async (_: string, signal: AbortSignal): Promise<void> => {
    queue.addAfter(everything, syncIntervalMs)
    const now = clock.now()
    const tracking = await client.get(configMaps, trackingName, { namespace: 'kube-system', signal })
    if (!hasTrackedLongEnough(tracking, now, periodMs)) return
    for (const secret of secrets.lister.list()) {
      try {
        await clean(secret, now, signal)
      } catch (error) {
        if (signal.aborted) return
        // it has its turn again tomorrow
        if (!isNotFound(error) && !isConflict(error))
          log.error({ err: error, secret: secret.metadata.name }, 'cannot clean')
      }
    }
  }
  queue.add(everything)
  return runLoop(context, { name, queue, workers: 1, reconcile })
}

// pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go
export const legacyServiceAccountTokenCleanerController: Controller = { name, start }

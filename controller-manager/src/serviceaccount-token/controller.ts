import { secrets as secretsRef, serviceAccounts as accountsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Secret, ServiceAccount } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { signToken } from '@kubets/shared/process/jwt.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { accountNameOf, plan, tokenType, withoutReference } from './plan.ts'

const name = 'serviceaccount-token-controller'

const start = (context: ControllerContext): Run | undefined => {
  const { client, informers, options } = context
  const { tokenKey, rootCA } = options
  if (tokenKey === undefined) return undefined
  const accounts = informers.informer(accountsRef)
  const secrets = informers.informer(secretsRef, { fieldSelector: `type=${tokenType}` })
  const queue = context.queue(name)
  /** Keys are namespace, account and Secret. */
  const references = context.queue(`${name}-reference`)

  secrets.addHandler({
    add: (secret) => queue.add(objectKey(secret)),
    update: (_, secret) => queue.add(objectKey(secret)),
    delete: (secret) => references.add(`${secret.metadata.namespace}/${accountNameOf(secret)}/${secret.metadata.name}`),
  })
  accounts.addHandler({
    delete: ({ metadata }) => {
      const own = secrets.lister.list(metadata.namespace).filter((secret) => accountNameOf(secret) === metadata.name)
      for (const secret of own) queue.add(objectKey(secret))
    },
  })

  /** The account as it is; one that the cache does not have is asked for, as it may be new. */
  const accountOf = async (secret: Secret, signal: AbortSignal): Promise<ServiceAccount | undefined> => {
    const { namespace } = secret.metadata
    const account = accountNameOf(secret)
    if (account === '') return undefined
    const known = accounts.lister.get(account, namespace)
    if (known) return known
    return client.get(accountsRef, account, { namespace, signal }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined
      throw error
    })
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const secret = secrets.lister.byKey(key)
    if (!secret || secret.metadata.deletionTimestamp !== undefined) return
    const account = await accountOf(secret, signal)
    const action = plan({ secret, account, rootCA, sign: (claims) => signToken(tokenKey, claims) })
    if (action === undefined) return
    const { name: secretName = '', namespace, uid } = secret.metadata
    try {
      if (action !== 'delete') await client.update(secretsRef, action, { signal })
      else await client.delete(secretsRef, secretName, { namespace, preconditions: { uid }, signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  const forget = async (key: string, signal: AbortSignal): Promise<void> => {
    const [namespace = '', account = '', secret = ''] = key.split('/')
    if (secrets.lister.get(secret, namespace)) return
    const known = accounts.lister.get(account, namespace)
    const next = known && withoutReference(known, secret)
    if (next) await client.update(accountsRef, next, { signal })
  }

  const workers = options.syncs['serviceaccount-token']
  const work = runLoop(context, { name, queue, workers, reconcile })
  const tidy = runLoop(context, { name: `${name}-reference`, queue: references, workers: 1, reconcile: forget })
  return async (signal) => {
    await Promise.all([work(signal), tidy(signal)])
  }
}

// pkg/controller/serviceaccount/tokens_controller.go
export const serviceAccountTokenController: Controller = { name, start }

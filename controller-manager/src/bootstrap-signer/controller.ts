import { configMaps as configMapsRef, secrets as secretsRef } from '@kubets/shared/api/resources.gen.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { bootstrapTokenType } from '@kubets/shared/api/bootstrap-token.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { configMapName, configMapNamespace, plan } from './plan.ts'

const name = 'bootstrap-signer-controller'

const start = (context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const configMaps = informers.informer(configMapsRef, {
    namespace: configMapNamespace,
    fieldSelector: `metadata.name=${configMapName}`,
  })
  const tokens = informers.informer(secretsRef, {
    namespace: 'kube-system',
    fieldSelector: `type=${bootstrapTokenType}`,
  })
  const queue = context.queue(name)
  const enqueue = (): void => queue.add(`${configMapNamespace}/${configMapName}`)
  configMaps.addHandler({ add: enqueue, update: enqueue })
  tokens.addHandler({ add: enqueue, update: enqueue, delete: enqueue })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const configMap = configMaps.lister.byKey(key)
    const next = configMap && plan(configMap, tokens.lister.list(), clock.now())
    if (!next) return
    try {
      await client.update(configMapsRef, next, { signal })
    } catch (error) {
      // what has changed since comes back by itself
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }
  return runLoop(context, { name, queue, workers: 1, reconcile })
}

// pkg/controller/bootstrap/bootstrapsigner.go; off unless --controllers names it
export const bootstrapSignerController: Controller = { name, start }

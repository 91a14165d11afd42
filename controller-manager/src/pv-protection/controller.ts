import { persistentVolumes } from '@kubets/shared/api/resources.gen.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { withFinalizer } from '../protection.ts'
import { runLoop } from '../run-loop.ts'
import { finalizer, plan } from './plan.ts'

const name = 'persistentvolume-protection-controller'

const start = (context: ControllerContext): Run => {
  const { client, informers } = context
  const volumes = informers.informer(persistentVolumes)
  const queue = context.queue(name)
  volumes.addHandler({
    add: ({ metadata }) => queue.add(metadata.name ?? ''),
    update: (_, { metadata }) => queue.add(metadata.name ?? ''),
  })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const volume = volumes.lister.byKey(key)
    const action = volume ? plan(volume) : 'nothing'
    if (!volume || action === 'nothing') return
    try {
      await client.update(persistentVolumes, withFinalizer(volume, finalizer, action), { signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return runLoop(context, { name, queue, workers: 1, reconcile })
}

// pkg/controller/volume/pvprotection/pv_protection_controller.go
export const persistentVolumeProtectionController: Controller = { name, start }

import { persistentVolumeClaims, persistentVolumes, volumeAttributesClasses } from '@kubets/shared/api/resources.gen.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { withFinalizer } from '../protection.ts'
import { runLoop } from '../run-loop.ts'
import { classesOfClaim, classesOfVolume, finalizer, plan } from './plan.ts'

const name = 'volumeattributesclass-protection-controller'
const index = 'volume-attributes-class'

const start = (context: ControllerContext): Run => {
  const { client, informers } = context
  const classes = informers.informer(volumeAttributesClasses)
  const claims = informers.informer(persistentVolumeClaims)
  const volumes = informers.informer(persistentVolumes)
  claims.addIndex(index, classesOfClaim)
  volumes.addIndex(index, classesOfVolume)
  const queue = context.queue(name)
  const enqueue = (names: readonly string[]): void => names.forEach((each) => queue.add(each))
  classes.addHandler({
    add: ({ metadata }) => queue.add(metadata.name ?? ''),
    update: (_, { metadata }) => queue.add(metadata.name ?? ''),
  })
  // who no longer uses a class may let it go
  claims.addHandler({
    update: (old) => enqueue(classesOfClaim(old)),
    delete: (claim) => enqueue(classesOfClaim(claim)),
  })
  volumes.addHandler({
    update: (old) => enqueue(classesOfVolume(old)),
    delete: (volume) => enqueue(classesOfVolume(volume)),
  })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const attributesClass = classes.lister.byKey(key)
    if (attributesClass === undefined) return
    const isUsed = (): boolean =>
      claims.lister.byIndex(index, key).length + volumes.lister.byIndex(index, key).length > 0
    const action = plan(attributesClass, isUsed)
    if (action === 'nothing') return
    try {
      await client.update(volumeAttributesClasses, withFinalizer(attributesClass, finalizer, action), { signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return runLoop(context, { name, queue, workers: 1, reconcile })
}

// pkg/controller/volume/vacprotection/vac_protection_controller.go
export const volumeAttributesClassProtectionController: Controller = { name, start }

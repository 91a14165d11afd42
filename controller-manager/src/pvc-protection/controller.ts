import { persistentVolumeClaims, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { claimKeysOf, indexByClaim } from '../pods/volume-claims.ts'
import { withFinalizer } from '../protection.ts'
import { runLoop } from '../run-loop.ts'
import { finalizer, mayLetGo, plan } from './plan.ts'

const name = 'persistentvolumeclaim-protection-controller'

const start = (context: ControllerContext): Run => {
  const { client, informers } = context
  const claims = informers.informer(persistentVolumeClaims)
  const pods = informers.informer(podsRef)
  const podsOf = indexByClaim(pods)
  const queue = context.queue(name)

  claims.addHandler({ add: (claim) => queue.add(objectKey(claim)), update: (_, claim) => queue.add(objectKey(claim)) })
  const enqueue = (pod: Pod): void => {
    for (const key of claimKeysOf(pod)) queue.add(key)
  }
  const look = (pod: Pod): void => {
    if (mayLetGo(pod)) enqueue(pod)
  }
  pods.addHandler({
    add: look,
    update: (old, pod) => {
      look(pod)
      // another Pod of the same name may stand where the old one went unseen
      if (old.metadata.uid !== pod.metadata.uid) enqueue(old)
    },
    delete: enqueue,
  })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const claim = claims.lister.byKey(key)
    if (!claim) return
    const action = plan(claim, podsOf(key))
    if (action === 'nothing') return
    const { namespace } = claim.metadata
    // what lets a claim go for good rests on what is stored, not on what has been seen of it
    if (action === 'remove' && plan(claim, (await client.list(podsRef, { namespace, signal })).items) !== 'remove')
      return
    try {
      await client.update(persistentVolumeClaims, withFinalizer(claim, finalizer, action), { signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return runLoop(context, { name, queue, workers: 1, reconcile })
}

// pkg/controller/volume/pvcprotection/pvc_protection_controller.go
export const persistentVolumeClaimProtectionController: Controller = { name, start }

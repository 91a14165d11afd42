import { persistentVolumeClaims, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { claimNameOf } from '@kubets/shared/api/volume-binding.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf, namespaceIsGoing } from '../failure.ts'
import { indexByClaim } from '../pods/volume-claims.ts'
import { runLoop } from '../run-loop.ts'
import { ephemeralVolumeMetrics } from './metrics.ts'
import { planVolume } from './plan.ts'

const name = 'ephemeral-volume-controller'
// pkg/controller/volume/ephemeral/controller.go NewController
const component = 'ephemeral_volume'

const start = (context: ControllerContext): Run => {
  const { client, informers } = context
  const recorder = context.recorder(component)
  const pods = informers.informer(podsRef)
  const podsOf = indexByClaim(pods)
  const claims = informers.informer(persistentVolumeClaims)
  const queue = context.queue(name)
  const { attempts, failures } = ephemeralVolumeMetrics(context.registry)

  const enqueue = (pod: Pod): void => {
    if (pod.metadata.deletionTimestamp !== undefined) return
    if (pod.spec.volumes?.some(({ ephemeral }) => ephemeral !== undefined)) queue.add(objectKey(pod))
  }
  // volumes of a Pod do not change
  pods.addHandler({ add: enqueue })
  claims.addHandler({
    delete: (claim) => {
      for (const pod of podsOf(objectKey(claim))) enqueue(pod)
    },
  })

  const make = async (claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> => {
    attempts.inc()
    try {
      await client.create(persistentVolumeClaims, claim, { namespace: claim.metadata.namespace, signal })
    } catch (error) {
      failures.inc()
      if (namespaceIsGoing(error)) throw error
      throw new Error(`create PVC ${claim.metadata.name}: ${messageOf(error)}`, { cause: error })
    }
  }

  // pkg/controller/volume/ephemeral/controller.go syncHandler
  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const pod = pods.lister.byKey(key)
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return
    const { namespace = '' } = pod.metadata
    for (const volume of pod.spec.volumes ?? []) {
      const found = claims.lister.byKey(`${namespace}/${claimNameOf(pod, volume) ?? ''}`)
      const plan = planVolume(pod, volume, found)
      if (plan === undefined) continue
      try {
        if ('problem' in plan) throw new Error(plan.problem)
        await make(plan.create, signal)
      } catch (error) {
        if (namespaceIsGoing(error)) return
        recorder.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${messageOf(error)}`)
        throw error
      }
    }
  }
  return runLoop(context, { name, queue, workers: context.options.syncs.ephemeralvolume, reconcile })
}

// pkg/controller/volume/ephemeral/controller.go
export const ephemeralVolumeController: Controller = { name, start }

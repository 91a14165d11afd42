import {
  pods as podsRef,
  resourceClaims as claimsRef,
  resourceSlices as slicesRef,
} from '@kubets/shared/api/resources.gen.ts'
import type { ResourceClaim, ResourceSlice } from '@kubets/shared/api/types/resource-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { disrupt } from '../pods/disrupt.ts'
import { runLoop } from '../run-loop.ts'
import { evictionMetrics } from '../taint-eviction/metrics.ts'
import { evictionTime, isTainted } from './plan.ts'

const name = 'device-taint-eviction-controller'
const reason = 'DeviceTaintManagerEviction'
const because = {
  reason: 'DeletionByDeviceTaintManager',
  message: 'Device Taint manager: deleting due to NoExecute taint',
}
const index = 'device-pool'
const poolKey = (driver: string, pool: string): string => `${driver}/${pool}`

const start = (context: ControllerContext): Run => {
  const { client, informers, clock, options } = context
  const workers = options.syncs['device-taint-eviction']
  const recorder = context.recorder(name)
  const pods = informers.informer(podsRef)
  const claims = informers.informer(claimsRef)
  const slices = informers.informer(slicesRef)
  const queue = context.queue(name)
  const counts = evictionMetrics(context.registry, {
    prefix: 'device_taint_eviction_controller',
    of: 'device ',
    controller: 'DeviceTaintEvictionController',
  })
  /** Those that are to go after a time, by their keys. */
  const pending = new Set<string>()
  slices.addIndex(index, ({ spec }) => [poolKey(spec.driver, spec.pool.name)])
  claims.addIndex(index, ({ status }) =>
    (status?.allocation?.devices?.results ?? []).map(({ driver, pool }) => poolKey(driver, pool)),
  )

  const enqueueUsers = ({ metadata, status }: ResourceClaim): void => {
    for (const user of status?.reservedFor ?? []) {
      if (!user.apiGroup && user.resource === 'pods') queue.add(`${metadata.namespace ?? ''}/${user.name}`)
    }
  }
  // a slice without taints may take the place of one that has some
  const enqueuePool = (...of: readonly ResourceSlice[]): void => {
    for (const key of new Set(of.map(({ spec }) => poolKey(spec.driver, spec.pool.name)))) {
      if (![...of, ...slices.lister.byIndex(index, key)].some(isTainted)) continue
      for (const claim of claims.lister.byIndex(index, key)) enqueueUsers(claim)
    }
  }
  slices.addHandler({
    add: (slice) => enqueuePool(slice),
    update: (old, slice) => {
      if (!deepEqual(old.spec, slice.spec)) enqueuePool(old, slice)
    },
    delete: (slice) => enqueuePool(slice),
  })
  claims.addHandler({
    add: enqueueUsers,
    update: (old, claim) => {
      if (deepEqual(old.status, claim.status)) return
      enqueueUsers(old)
      enqueueUsers(claim)
    },
    delete: enqueueUsers,
  })
  pods.addHandler({
    add: (pod) => {
      if (pod.spec.resourceClaims?.length) queue.add(objectKey(pod))
    },
    update: (old, pod) => {
      if (!pod.spec.resourceClaims?.length) return
      const isSame = deepEqual(old.status?.resourceClaimStatuses, pod.status?.resourceClaimStatuses)
      if (old.spec.nodeName !== pod.spec.nodeName || !isSame) queue.add(objectKey(pod))
    },
    delete: (pod) => pending.delete(objectKey(pod)),
  })

  // pkg/controller/devicetainteviction/device_taint_eviction.go handlePod, maybeDeletePod
  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const pod = pods.lister.byKey(key)
    if (!pod || pod.metadata.deletionTimestamp !== undefined) return void pending.delete(key)
    const due = evictionTime(pod, {
      claim: (of) => claims.lister.get(of, pod.metadata.namespace),
      slices: (driver, pool) => slices.lister.byIndex(index, poolKey(driver, pool)),
    })
    if (due === undefined) {
      if (pending.delete(key)) recorder.event(pod, 'Normal', reason, 'Cancelling deletion')
      return
    }
    const now = clock.now()
    if (due > now) {
      pending.add(key)
      return queue.addAfter(key, due - now)
    }
    recorder.event(pod, 'Normal', reason, 'Marking for deletion')
    await disrupt(client, pod, { because, now, signal })
    counts.deleted((clock.now() - due) / 1000)
    pending.delete(key)
  }

  return runLoop(context, { name, queue, workers, reconcile })
}

// pkg/controller/devicetainteviction/device_taint_eviction.go
/** Deletes Pods whose devices are tainted. Rules for taints (DeviceTaintRule) are off by default in v1.36. */
export const deviceTaintEvictionController: Controller = { name, start }

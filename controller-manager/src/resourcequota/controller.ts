import {
  deviceClasses as deviceClassesRef,
  persistentVolumeClaims as claimsRef,
  pods as podsRef,
  resourceClaims as resourceClaimsRef,
  resourceQuotas as quotasRef,
  services as servicesRef,
} from '@kubets/shared/api/resources.gen.ts'
import { evaluatorOf } from '@kubets/shared/api/quota/evaluators.ts'
import { amountsOf, equal } from '@kubets/shared/api/quota/amounts.ts'
import { claimChanges } from '@kubets/shared/api/quota/persistent-volume-claims.ts'
import { podFrees } from '@kubets/shared/api/quota/pods.ts'
import type { Devices } from '@kubets/shared/api/quota/resource-claims.ts'
import { costlyType } from '@kubets/shared/api/quota/services.ts'
import type { ResourceQuota } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import type { Lister } from '@kubets/shared/client/informer.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { concerns, planStatus } from './plan.ts'
import type { Counted } from './plan.ts'

const name = 'resourcequota-controller'
// pkg/controller/resourcequota/config ResourceQuotaSyncPeriod: what was charged for a write that failed comes back then
const resyncMs = 5 * 60_000
// After this long a count that was written is made again.
const recountMs = 2000

type Lists = ReadonlyMap<string, Lister<KubeObject>>

const start = (context: ControllerContext): Run => {
  const { client, informers, clock, everything } = context
  const quotas = informers.informer(quotasRef)
  const queue = context.queue(name)

  quotas.addHandler({
    add: (quota) => queue.add(objectKey(quota)),
    // What admission writes needs no second look; upstream repairs what others write at its resync only.
    update: (_, quota) => {
      if (!reflects(quota)) queue.add(objectKey(quota))
    },
  })

  const ofClasses = informers.informer(deviceClassesRef).lister
  const ofPods = informers.informer(podsRef).lister
  const ofClaims = informers.informer(resourceClaimsRef).lister
  const devices: Devices = {
    classes: () => ofClasses.list(),
    pod: (namespace, podName) => ofPods.get(podName, namespace),
    claims: (namespace) => ofClaims.list(namespace),
  }

  /** Counts again what the namespace's quotas limit of this resource. */
  // resource_quota_controller.go replenishQuota
  const replenish = ({ group, plural }: ResourceRef, namespace: string | undefined): void => {
    const evaluator = evaluatorOf(group, plural, devices)
    if (!evaluator) return
    for (const quota of quotas.lister.list(namespace)) if (concerns(quota, evaluator)) queue.add(objectKey(quota))
  }

  // Resources of which more than the number of objects counts.
  const lists = new Map<string, Lister<KubeObject>>()
  const list = <T extends KubeObject>(ref: ResourceRef<T>, changes: (old: T, object: T) => boolean): void => {
    const informer = informers.informer(ref)
    informer.addHandler({
      update: (old, object) => {
        if (changes(old, object)) replenish(ref, object.metadata.namespace)
      },
      delete: (object) => replenish(ref, object.metadata.namespace),
    })
    lists.set(`${ref.group}/${ref.plural}`, informer.lister)
  }
  // pkg/quota/v1/install/update_filter.go DefaultUpdateFilter
  list(podsRef, (old, pod) => podFrees(old, pod, clock.now()))
  list(servicesRef, (old, service) => costlyType(old) !== costlyType(service))
  list(claimsRef, claimChanges)
  list(resourceClaimsRef, () => false)
  // What a quota counts of its own kind must have seen the quota itself.
  list(quotasRef, () => false)
  everything.addHandler({
    remove: (_, namespace, ref) => {
      if (!lists.has(`${ref.group}/${ref.plural}`)) replenish(ref, namespace)
    },
    synced: (ref) => replenish(ref, undefined),
  })

  const counted = (namespace: string | undefined): Counted[] =>
    [...everything.resources].flatMap(({ group, plural, namespaced }) => {
      const evaluator = namespaced ? evaluatorOf(group, plural, devices) : undefined
      const objects = objectsOf(lists, group, plural, namespace) ?? everything.count(group, plural, namespace)
      return evaluator && objects !== undefined ? [{ evaluator, objects }] : []
    })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const quota = quotas.lister.byKey(key)
    if (!quota) return
    const status = planStatus(quota, counted(quota.metadata.namespace), clock.now())
    if (!status) return
    try {
      await client.update(quotasRef, { ...quota, status }, { subresource: 'status', signal })
      // The caches may not have shown yet what was let in a moment before.
      queue.addAfter(key, recountMs)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  const resync = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(resyncMs, signal).catch(() => undefined)
      for (const quota of quotas.lister.list()) queue.add(objectKey(quota))
    }
  }

  const count = runLoop(context, { name, queue, workers: context.options.syncs['resource-quota'], reconcile })
  return async (signal) => {
    await everything.whenReady
    await Promise.all([count(signal), resync(signal)])
  }
}

/** Whether the status speaks of what the spec limits. */
const reflects = ({ spec, status }: ResourceQuota): boolean =>
  equal(amountsOf(spec.hard), amountsOf(status?.hard)) &&
  Object.keys(spec.hard ?? {}).every((limited) => status?.used?.[limited] !== undefined)

const objectsOf = (lists: Lists, group: string, plural: string, namespace: string | undefined) =>
  lists.get(`${group}/${plural}`)?.list(namespace)

// pkg/controller/resourcequota/resource_quota_controller.go
export const resourceQuotaController: Controller = { name, start }

import { ipAddresses, serviceCIDRs } from '@kubets/shared/api/resources.gen.ts'
import type { ServiceCIDR } from '@kubets/shared/api/types/networking-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { finalizer, plan, readyCondition, type Condition } from './plan.ts'

const name = 'service-cidr-controller'

const managedByApiserver = 'ipaddress.kubernetes.io/managed-by=ipallocator.k8s.io'

const start = (context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const cidrs = informers.informer(serviceCIDRs)
  const addresses = informers.informer(ipAddresses, { labelSelector: managedByApiserver })
  const queue = context.queue(name)
  const recorder = context.recorder(name)

  const enqueueAll = (): void => {
    for (const { metadata } of cidrs.lister.list()) queue.add(metadata.name ?? '')
  }
  // any of the others may hold one back, or let it go
  cidrs.addHandler({ add: enqueueAll, update: (_, { metadata }) => queue.add(metadata.name ?? ''), delete: enqueueAll })
  addresses.addHandler({
    delete: () => {
      for (const { metadata } of cidrs.lister.list())
        if (metadata.deletionTimestamp !== undefined) queue.add(metadata.name ?? '')
    },
  })

  const sayReady = async (cidr: ServiceCIDR, signal: AbortSignal): Promise<void> => {
    try {
      await say(cidr, readyCondition, signal)
    } catch (error) {
      const text = 'The ServiceCIDR Status can not be set to Ready=True'
      if (!isNotFound(error) && !signal.aborted) recorder.event(cidr, 'Warning', 'KubernetesServiceCIDRError', text)
      throw error
    }
  }

  const say = async (cidr: ServiceCIDR, condition: Condition, signal: AbortSignal): Promise<void> => {
    const current = cidr.status?.conditions?.find(({ type }) => type === 'Ready')
    if (current?.status === condition.status && current.message === condition.message) return
    const conditions = [{ type: 'Ready', ...condition, lastTransitionTime: formatTime(clock.now()) }]
    const patch = { metadata: { uid: cidr.metadata.uid }, status: { conditions } }
    await client.patch(serviceCIDRs, cidr.metadata.name ?? '', patch, {
      type: 'strategic',
      subresource: 'status',
      signal,
    })
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const cidr = cidrs.lister.byKey(key)
    if (!cidr) return
    const action = plan(cidr, cidrs.lister.list(), addresses.lister.list(), clock.now())
    const finalizers = cidr.metadata.finalizers ?? []
    const setFinalizers = async (next: readonly string[]): Promise<ServiceCIDR> =>
      client.update(serviceCIDRs, { ...cidr, metadata: { ...cidr.metadata, finalizers: [...next] } }, { signal })
    try {
      if (action.type === 'wait') queue.addAfter(key, action.ms)
      else if (action.type === 'block') await say(cidr, action.condition, signal)
      else if (action.type === 'release') {
        if (finalizers.includes(finalizer)) await setFinalizers(finalizers.filter((it) => it !== finalizer))
      } else {
        const kept = finalizers.includes(finalizer) ? cidr : await setFinalizers([...finalizers, finalizer])
        await sayReady(kept, signal)
      }
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return runLoop(context, { name, queue, workers: 1, reconcile })
}

// pkg/controller/servicecidrs/servicecidrs_controller.go
export const serviceCIDRController: Controller = { name, start }

import { podDisruptionBudgets as ref, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '@kubets/shared/api/types/policy-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey, splitKey } from '@kubets/shared/machinery/object.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf } from '../failure.ts'
import { runLoop } from '../run-loop.ts'
import { failed, needsScale, plan, staleIn, unmanagedText } from './plan.ts'
import { Scales } from './scales.ts'

const name = 'disruption-controller'
// pkg/controller/disruption/disruption.go NewDisruptionControllerInternal
const component = 'controllermanager'

/** No selector selects nothing, an empty one all Pods of the namespace. */
const selects = ({ spec }: PodDisruptionBudget, labels: Record<string, string> | undefined): boolean =>
  spec?.selector !== undefined && labelSelectorFromObject(spec.selector).matches(labels ?? {})

const start = (context: ControllerContext): Run => {
  const { client, informers, everything, clock } = context
  const recorder = context.recorder(component)
  const budgets = informers.informer(ref)
  const pods = informers.informer(podsRef)
  const scales = new Scales(client, informers, everything.kinds)
  const queue = context.queue(name)
  const stale = context.queue(`${name}-stale-pods`)

  const podChanged = (...versions: Pod[]): void => {
    for (const budget of budgets.lister.list(versions[0]?.metadata.namespace))
      if (versions.some(({ metadata }) => selects(budget, metadata.labels))) queue.add(objectKey(budget))
  }
  const announced = (pod: Pod): void => {
    const wait = staleIn(pod, clock.now())
    if (wait !== undefined) stale.addAfter(objectKey(pod), wait)
  }
  budgets.addHandler({
    add: (budget) => queue.add(objectKey(budget)),
    update: (_, budget) => queue.add(objectKey(budget)),
    delete: (budget) => queue.add(objectKey(budget)),
  })
  pods.addHandler({
    add: (pod) => {
      podChanged(pod)
      announced(pod)
    },
    update: (old, pod) => {
      podChanged(old, pod)
      announced(pod)
    },
    delete: (pod) => podChanged(pod),
  })

  const write = async (
    budget: PodDisruptionBudget,
    status: PodDisruptionBudgetStatus,
    signal: AbortSignal,
  ): Promise<void> => {
    if (deepEqual(status, budget.status)) return
    await client.update(ref, { ...budget, status }, { subresource: 'status', signal })
  }

  // pkg/controller/disruption/disruption.go trySync
  const expected = async (budget: PodDisruptionBudget, selected: readonly Pod[], signal: AbortSignal) => {
    if (!needsScale(budget)) return 0
    const found = await scales.expected(selected, signal).catch((error: unknown) => {
      const message = `Failed to calculate the number of expected pods: ${messageOf(error)}`
      recorder.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message)
      throw error
    })
    if (found.unmanaged.length > 0) recorder.event(budget, 'Warning', 'UnmanagedPods', unmanagedText(budget))
    return found.pods
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const budget = budgets.lister.byKey(key)
    if (!budget) return
    const { namespace } = budget.metadata
    const selected = pods.lister.list(namespace).filter(({ metadata }) => selects(budget, metadata.labels))
    if (selected.length === 0) recorder.event(budget, 'Normal', 'NoPods', 'No matching pods found')
    try {
      const planned = plan(budget, selected, await expected(budget, selected, signal), clock.now())
      for (const pod of planned.notDeleted)
        recorder.event(pod, 'Warning', 'NotDeleted', `Pod was expected by PDB ${key} to be deleted but it wasn't`)
      await write(budget, planned.status, signal)
      if (planned.checkAfter !== undefined) queue.addAfter(key, planned.checkAfter)
    } catch (error) {
      if (isNotFound(error)) return
      // somebody else was quicker: look again, nothing is wrong with the budget
      if (!isConflict(error)) await write(budget, failed(budget, messageOf(error), clock.now()), signal)
      throw error
    }
  }

  // pkg/controller/disruption/disruption.go syncStalePodDisruption
  const reconcileStale = async (key: string, signal: AbortSignal): Promise<void> => {
    const pod = pods.lister.byKey(key)
    const wait = pod && staleIn(pod, clock.now())
    if (wait === undefined) return
    if (wait > 0) return stale.addAfter(key, wait)
    const { namespace, name: podName } = splitKey(key)
    const condition = {
      type: 'DisruptionTarget',
      status: 'False',
      observedGeneration: pod?.metadata.generation,
      lastTransitionTime: formatTime(clock.now()),
      // why it was announced no longer matters
      reason: null,
      message: null,
    }
    const patch = { metadata: { uid: pod?.metadata.uid }, status: { conditions: [condition] } }
    try {
      await client.patch(podsRef, podName, patch, { type: 'strategic', namespace, subresource: 'status', signal })
    } catch (error) {
      // gone, or replaced by a namesake
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }

  const work = runLoop(context, { name, queue, workers: 1, reconcile })
  const clean = runLoop(context, {
    name: `${name}-stale-pods`,
    queue: stale,
    workers: 1,
    reconcile: reconcileStale,
  })
  return async (signal) => {
    await Promise.all([work(signal), clean(signal)])
  }
}

// pkg/controller/disruption/disruption.go
export const disruptionController: Controller = { name, start }

import { horizontalPodAutoscalers as autoscalersRef, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus } from '@kubets/shared/api/types/autoscaling-v2.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { nothing } from '@kubets/shared/machinery/selector.ts'
import type { Selector } from '@kubets/shared/machinery/selector.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf } from '../failure.ts'
import { runLoop } from '../run-loop.ts'
import { noHistory } from './behavior.ts'
import type { History } from './behavior.ts'
import { evaluate, faultOf, tolerancesOf } from './evaluate.ts'
import type { Outcome } from './evaluate.ts'
import { actionOf } from './metrics.ts'
import type { Action, Fault } from './metrics.ts'
import { MetricsClient } from './metrics-client.ts'
import { ambiguous, needsMetrics, notRescaled, plan, rescaled, sameStatus, selectorOf, withoutScale } from './plan.ts'
import type { Plan, Seen, SelectorProblem } from './plan.ts'
import { Targets } from './target.ts'
import type { Target } from './target.ts'

const name = 'horizontal-pod-autoscaler-controller'
const component = 'horizontal-pod-autoscaler'

/** What is remembered of an autoscaler between two looks at it. */
interface Known {
  readonly name: string
  readonly namespace: string
  history: History
  /** Of its target's Pods, when it was last looked at. */
  selector: Selector
}

/** How one look at an autoscaler went. */
interface Done {
  readonly action: Action
  readonly fault: Fault
  /** What kept metrics from being taken into account. */
  readonly error: string | undefined
}

const start = (context: ControllerContext): Run => {
  const { client, informers, everything, clock, autoscalingMetrics: counts } = context
  const { syncPeriodMs, tolerance, downscaleStabilizationMs, initialization } = context.options.autoscaling
  const recorder = context.recorder(component)
  const autoscalers = informers.informer(autoscalersRef)
  const pods = informers.informer(podsRef)
  const metrics = new MetricsClient(client, everything.kinds)
  const targets = new Targets(client, clock, everything.kinds)
  // pkg/controller/podautoscaler/rate_limiters.go: what failed is looked at again no sooner and no later than what did not
  const queue = context.queue(name, { baseDelayMs: syncPeriodMs, maxDelayMs: syncPeriodMs })
  const known = new Map<string, Known>()

  autoscalers.addHandler({
    add: (autoscaler) => {
      const { name: own = '', namespace = '' } = autoscaler.metadata
      known.set(objectKey(autoscaler), { name: own, namespace, history: noHistory, selector: nothing })
      counts.count(known.size)
      queue.add(objectKey(autoscaler))
    },
    // what this controller writes itself waits for its turn
    update: (old, autoscaler) => {
      if (!deepEqual(old.spec, autoscaler.spec)) queue.add(objectKey(autoscaler))
    },
    delete: (autoscaler) => {
      known.delete(objectKey(autoscaler))
      counts.count(known.size)
      counts.desired(autoscaler.metadata.namespace ?? '', autoscaler.metadata.name ?? '', undefined)
    },
  })

  const write = async (
    autoscaler: HorizontalPodAutoscaler,
    status: HorizontalPodAutoscalerStatus,
    signal: AbortSignal,
  ): Promise<void> => {
    if (sameStatus(status, autoscaler.status)) return
    try {
      await client.update(autoscalersRef, { ...autoscaler, status }, { subresource: 'status', signal })
    } catch (error) {
      if (isNotFound(error) || signal.aborted) return
      recorder.event(autoscaler, 'Warning', 'FailedUpdateStatus', messageOf(error))
      throw new Error(`failed to update status for ${autoscaler.metadata.name}: ${messageOf(error)}`, { cause: error })
    }
  }

  // pkg/controller/podautoscaler/horizontal.go validateAndParseSelector
  const podsOf = (self: Known, { scale }: Target): { text: string; pods: Pod[] } | SelectorProblem => {
    const text = scale.status?.selector ?? ''
    const selector = selectorOf(text)
    if ('event' in selector) return selector
    self.selector = selector
    const selected = pods.lister.list(self.namespace).filter(({ metadata }) => selector.matches(metadata.labels))
    const others = [...known.values()].filter(
      (other) =>
        other !== self &&
        other.namespace === self.namespace &&
        selected.some(({ metadata }) => other.selector.matches(metadata.labels)),
    )
    return others.length > 0 ? ambiguous(text, [self, ...others]) : { text: selector.toString(), pods: selected }
  }

  const measure = async (
    autoscaler: HorizontalPodAutoscaler,
    self: Known,
    target: Target,
    signal: AbortSignal,
  ): Promise<readonly Outcome[] | SelectorProblem> => {
    const found = podsOf(self, target)
    if ('event' in found) return found
    const situation = {
      specReplicas: target.scale.spec?.replicas ?? 0,
      statusReplicas: target.scale.status?.replicas ?? 0,
      pods: found.pods,
      tolerances: tolerancesOf(autoscaler, tolerance),
      initialization,
      now: clock.now(),
    }
    const outcomes: Outcome[] = []
    for (const spec of autoscaler.spec.metrics ?? []) {
      const started = clock.elapsed()
      const reading = await metrics.read(spec, self.namespace, found.text, signal)
      const outcome = evaluate(spec, reading, situation, self.namespace)
      const was = autoscaler.status?.currentReplicas ?? 0
      const action = 'status' in outcome ? actionOf(was, outcome.replicas) : 'none'
      counts.computed(action, faultOf(outcome), (clock.elapsed() - started) / 1000, spec.type)
      outcomes.push(outcome)
    }
    return outcomes
  }

  const resize = async (
    self: Known,
    seen: Seen,
    planned: Plan,
    size: number,
    target: Target,
    signal: AbortSignal,
  ): Promise<HorizontalPodAutoscalerStatus> => {
    const { autoscaler } = seen
    const what = `New size: ${size}; reason: ${planned.because}`
    try {
      await targets.resize(target, size, signal)
    } catch (error) {
      signal.throwIfAborted()
      recorder.event(autoscaler, 'Warning', 'FailedRescale', `${what}; error: ${messageOf(error)}`)
      await write(autoscaler, notRescaled(seen, planned, messageOf(error), clock.now()), signal)
      throw new Error(`failed to rescale ${referenceOf(autoscaler)}: ${messageOf(error)}`, { cause: error })
    }
    recorder.event(autoscaler, 'Normal', 'SuccessfulRescale', what)
    const { status, history } = rescaled(seen, planned, size, clock.now())
    self.history = history
    return status
  }

  // pkg/controller/podautoscaler/horizontal.go reconcileAutoscaler
  const scale = async (autoscaler: HorizontalPodAutoscaler, self: Known, signal: AbortSignal): Promise<Done> => {
    let target: Target
    try {
      target = await targets.get(autoscaler, signal)
    } catch (error) {
      signal.throwIfAborted()
      recorder.event(autoscaler, 'Warning', 'FailedGetScale', messageOf(error))
      await write(autoscaler, withoutScale(autoscaler, messageOf(error), clock.now()), signal)
      throw new Error(`failed to query scale subresource for ${referenceOf(autoscaler)}: ${messageOf(error)}`, {
        cause: error,
      })
    }
    const current = target.scale.spec?.replicas ?? 0
    const measured = needsMetrics(autoscaler, current) ? await measure(autoscaler, self, target, signal) : []
    const { history } = self
    const elapsed = clock.elapsed()
    const seen: Seen = { autoscaler, current, history, elapsed, metrics: measured, downscaleStabilizationMs }
    const planned = plan(seen, clock.now())
    self.history = planned.history
    for (const { reason, message } of planned.warnings) recorder.event(autoscaler, 'Warning', reason, message)
    const status =
      planned.size === undefined ? planned.status : await resize(self, seen, planned, planned.size, target, signal)
    await write(autoscaler, status, signal)
    // unless it was deleted meanwhile
    if (known.get(objectKey(autoscaler)) === self) counts.desired(self.namespace, self.name, status.desiredReplicas)
    return { action: actionOf(current, planned.size ?? current), fault: planned.fault, error: planned.error }
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const autoscaler = autoscalers.lister.byKey(key)
    const self = known.get(key)
    if (!autoscaler || !self) return
    const started = clock.elapsed()
    const observe = ({ action, fault }: Pick<Done, 'action' | 'fault'>): void =>
      counts.reconciled(action, fault, (clock.elapsed() - started) / 1000)
    let done: Done
    try {
      done = await scale(autoscaler, self, signal)
    } catch (error) {
      observe({ action: 'none', fault: 'internal' })
      throw error
    }
    observe(done)
    if (done.error !== undefined)
      throw new Error(
        `failed to compute desired number of replicas based on listed metrics for ${referenceOf(autoscaler)}: ${done.error}`,
      )
    queue.addAfter(key, syncPeriodMs)
  }

  const run = runLoop(context, { name, queue, workers: context.options.syncs['horizontal-pod-autoscaler'], reconcile })
  return async (signal) => {
    // a kind is not unknown only because nobody has asked yet
    await everything.whenReady
    await run(signal)
  }
}

const referenceOf = ({ metadata, spec }: HorizontalPodAutoscaler): string =>
  `${spec.scaleTargetRef.kind}/${metadata.namespace}/${spec.scaleTargetRef.name}`

// pkg/controller/podautoscaler/horizontal.go
export const horizontalPodAutoscalerController: Controller = { name, start }

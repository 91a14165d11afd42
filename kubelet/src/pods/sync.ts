// What to do next for a Pod: a pure function of the Pod, of what the runtime has, and of the time.
// pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions, computeInitContainerActions
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ContainerStatus, PodSandboxStatus } from '../runtime/types.ts'
import { goSeconds, nextStart } from './backoff.ts'
import type { Ending } from './lifecycle.ts'
import {
  failureOf,
  formatPod,
  isSidecar,
  keys,
  mainContainersBegan,
  newest,
  readySandbox,
  restartCauses,
  restartingAll,
  runningContainers,
  shared,
  shouldRestart,
  type PodRuntimeState,
  type ProbeResults,
  type StartFailures,
} from './model.ts'
import type { ResizeAction } from './resize.ts'

export type ContainerKind = 'init' | 'main' | 'ephemeral'

/** Where a Pod's status tells of its containers of a kind. */
export const statusLists = {
  init: 'initContainerStatuses',
  main: 'containerStatuses',
  ephemeral: 'ephemeralContainerStatuses',
} as const

export type Step =
  | { kind: 'runSandbox'; attempt: number }
  | { kind: 'stopSandbox'; id: string }
  | {
      kind: 'startContainer'
      name: string
      containerKind: ContainerKind
      sandboxId: string
      attempt: number
      backOffSeconds: number
    }
  | { kind: 'killContainer'; id: string; name: string; message: string; graceSeconds: number }
  | { kind: 'resizeContainer'; id: string; name: string }
  | { kind: 'killAll'; ids: readonly string[]; graceSeconds: number; message: string | undefined }
  | { kind: 'removeContainer'; id: string }
  | { kind: 'mountVolumes' }
  | { kind: 'unmountVolumes' }
  /** Nothing of the Pod is left on the node. */
  | { kind: 'finish' }

export type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>

export interface SyncInput {
  pod: Pod
  state: PodRuntimeState
  now: number
  probes: ProbeResults
  /** With times since the epoch, like `now`. */
  failures: StartFailures
  /** The longest that a container which ends again and again waits for its next start. */
  mostBackOffSeconds: number
  /** Running containers that have other resources than their Pod was granted. */
  resizes: ReadonlyMap<string, ResizeAction>
  /** Whether the Pod's volumes are in place. */
  mounted: boolean
  /** Whether there may be volumes to take away, from this kubelet or the one before. */
  volumesOnDisk: boolean
  /** Set when the Pod must end, whatever its restart policy: it was deleted, evicted or ran out of time. */
  ending: Ending | undefined
}

export interface Waiting {
  reason: string
  message: string
}

export interface SyncResult {
  /** In order; the caller does the first and asks again. */
  steps: readonly Step[]
  /** When to ask again without an event (milliseconds since the epoch). */
  wakeAt: number | undefined
  /** Containers that wait, by name. */
  waiting: ReadonlyMap<string, Waiting>
  /** No container runs or will run again. */
  done: boolean
}

interface Plan {
  steps: Step[]
  wakeAt: number | undefined
  waiting: Map<string, Waiting>
}

/** Decides the next steps of a Pod. */
export function sync(input: SyncInput): SyncResult {
  const plan: Plan = { steps: [], wakeAt: undefined, waiting: new Map() }
  if (input.ending) {
    end(input, plan, input.ending.graceSeconds, input.ending.remove)
    return { ...plan, done: true }
  }
  const sandbox = readySandbox(input.state)
  if (!isOver(input.pod) && planRestartOfAll(input, plan)) return { ...plan, done: false }
  if (isDone(input, sandbox?.id)) {
    end(input, plan, input.pod.spec.terminationGracePeriodSeconds ?? 30, false)
    return { ...plan, done: true }
  }
  const volumes = input.mounted || attempt(input, plan, shared.volumes, { kind: 'mountVolumes' })
  if (!sandbox) for (const step of newSandbox(input.state)) attempt(input, plan, shared.sandbox, step)
  else if (volumes) {
    planEphemeral(input, plan, sandbox)
    if (planInit(input, plan, sandbox)) planMain(input, plan, sandbox)
  }
  return { ...plan, done: false }
}

/** Plans what all containers need, unless it failed a moment ago; true when it is planned. */
function attempt(input: SyncInput, plan: Plan, key: string, step: Step): boolean {
  const failure = input.failures.get(key)
  if (!failure || input.now >= failure.retryAt) {
    plan.steps.push(step)
    return true
  }
  wake(plan, failure.retryAt)
  return false
}

// a killed sandbox takes its containers along; what is left of it is stopped before the next one starts
function newSandbox(state: PodRuntimeState): Step[] {
  const running = runningContainers(state)
  const stale = new Set(running.map((one) => one.sandboxId))
  const attempt = Math.max(-1, ...state.sandboxes.map((one) => one.attempt)) + 1
  return [...[...stale].map((id): Step => ({ kind: 'stopSandbox', id })), { kind: 'runSandbox', attempt }]
}

/** What was reported as ended never runs again, even when the runtime has forgotten it. */
function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

/**
 * Plans that everything starts from the beginning, if a container ended in such a way: without hooks and grace, as all
 * must be ready for it. What ended so goes last, and is what an interrupted restart is known by.
 */
// pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions, getContainersToReset
function planRestartOfAll({ pod, state }: SyncInput, plan: Plan): boolean {
  const causes = restartCauses(pod, state)
  if (causes.length === 0) return false
  const ephemeral = new Set(pod.spec.ephemeralContainers?.map(({ name }) => name))
  const own = state.containers.filter(({ name }) => !ephemeral.has(name))
  const running = own.filter((one) => one.state === 'CONTAINER_RUNNING')
  if (running.length > 0) {
    plan.steps.push({ kind: 'killAll', ids: running.map(({ id }) => id), graceSeconds: 0, message: undefined })
    return true
  }
  const others = own.filter((one) => !causes.includes(one))
  plan.steps.push(...[...others, ...causes].map(({ id }): Step => ({ kind: 'removeContainer', id })))
  return true
}

/** True when the Pod has come to its natural end: failed initialisation, or all main containers ended for good. */
function isDone(input: SyncInput, sandboxId: string | undefined): boolean {
  const { pod, state } = input
  if (isOver(pod)) return true
  const began = pod.spec.containers.some((container) => newest(state, container.name) !== undefined)
  if (!began) {
    return (pod.spec.initContainers ?? []).some((container) => {
      const last = newest(state, container.name, sandboxId)
      if (isSidecar(container) || last?.state !== 'CONTAINER_EXITED' || last.exitCode === 0) return false
      return !shouldRestart(pod, container, last)
    })
  }
  return pod.spec.containers.every((container) => {
    const last = newest(state, container.name)
    return last?.state === 'CONTAINER_EXITED' && !shouldRestart(pod, container, last)
  })
}

/** Plans init containers; true when the main containers may run. */
function planInit(input: SyncInput, plan: Plan, sandbox: PodSandboxStatus): boolean {
  const { pod, state } = input
  const begun = mainContainersBegan(pod, state, sandbox.id)
  for (const container of pod.spec.initContainers ?? []) {
    const last = newest(state, container.name, sandbox.id)
    if (isSidecar(container)) {
      const running = planKeepRunning(input, plan, sandbox, container, 'init')
      // the next one waits until the sidecar has started once
      const started =
        running && (container.startupProbe === undefined || input.probes(running.id, 'startup') === 'Success')
      if (!started && !begun) return false
      continue
    }
    if (begun || (last?.state === 'CONTAINER_EXITED' && last.exitCode === 0)) continue
    if (last?.state !== 'CONTAINER_RUNNING') planStart(input, plan, sandbox, container, 'init', last)
    return false
  }
  return true
}

// kuberuntime_manager.go SyncPod: before the init containers, whose troubles they may be there to look into; once only
function planEphemeral(input: SyncInput, plan: Plan, sandbox: PodSandboxStatus): void {
  for (const container of input.pod.spec.ephemeralContainers ?? []) {
    const last = newest(input.state, container.name)
    if (!last || last.state === 'CONTAINER_CREATED') planStart(input, plan, sandbox, container, 'ephemeral', last)
  }
}

function planMain(input: SyncInput, plan: Plan, sandbox: PodSandboxStatus): void {
  for (const container of input.pod.spec.containers) planKeepRunning(input, plan, sandbox, container, 'main')
}

/** Plans a container that should run; returns it when it does and may go on. */
function planKeepRunning(
  input: SyncInput,
  plan: Plan,
  sandbox: PodSandboxStatus,
  container: Container,
  kind: ContainerKind,
): ContainerStatus | undefined {
  const last = newest(input.state, container.name)
  if (last?.state === 'CONTAINER_RUNNING' && last.sandboxId === sandbox.id) {
    const kill = reasonToKill(input, container, last)
    if (!kill) {
      planResize(input, plan, last)
      return last
    }
    plan.steps.push({ kind: 'killContainer', id: last.id, name: container.name, ...kill })
    return undefined
  }
  if (last?.state === 'CONTAINER_EXITED' && !shouldRestart(input.pod, container, last)) return undefined
  planStart(input, plan, sandbox, container, kind, last)
  return undefined
}

function planResize({ resizes, failures, now }: SyncInput, plan: Plan, { id, name }: ContainerStatus): void {
  if (resizes.get(name) !== 'update') return
  const failure = failures.get(shared.resize)
  if (failure && now < failure.retryAt) wake(plan, failure.retryAt)
  else plan.steps.push({ kind: 'resizeContainer', id, name })
}

function reasonToKill(
  input: SyncInput,
  container: Container,
  running: ContainerStatus,
): { message: string; graceSeconds: number } | undefined {
  const podGrace = input.pod.spec.terminationGracePeriodSeconds ?? 30
  if (container.image !== running.image) {
    const message = `Container ${container.name} definition changed, will be restarted`
    return { message, graceSeconds: podGrace }
  }
  if (input.resizes.get(container.name) === 'restart') {
    return { message: `Container ${container.name} resize requires restart`, graceSeconds: podGrace }
  }
  for (const [kind, probe] of [
    ['liveness', container.livenessProbe],
    ['startup', container.startupProbe],
  ] as const) {
    if (!probe || input.probes(running.id, kind) !== 'Failure') continue
    const policy = container.restartPolicy ?? input.pod.spec.restartPolicy
    const message = `Container ${container.name} failed ${kind} probe${policy === 'Never' ? '' : ', will be restarted'}`
    return { message, graceSeconds: probe.terminationGracePeriodSeconds ?? podGrace }
  }
  return undefined
}

function planStart(
  input: SyncInput,
  plan: Plan,
  sandbox: PodSandboxStatus,
  container: Container,
  containerKind: ContainerKind,
  last: ContainerStatus | undefined,
): void {
  const { name } = container
  const failure = failureOf(input.failures, container)
  if (failure && input.now < failure.retryAt) {
    const backingOff = failure.backOffAt !== undefined && input.now >= failure.backOffAt
    plan.waiting.set(name, {
      reason: backingOff ? 'ImagePullBackOff' : failure.reason,
      message: backingOff ? (failure.backOffMessage ?? failure.message) : failure.message,
    })
    wake(plan, failure.retryAt)
    if (failure.backOffAt !== undefined && !backingOff) wake(plan, failure.backOffAt)
    return
  }
  if (!last) last = newest(input.state, name)
  const attempt = nextAttempt(input, name, containerKind, last)
  const step: Step = {
    kind: 'startContainer',
    name,
    containerKind,
    sandboxId: sandbox.id,
    attempt,
    backOffSeconds: 0,
  }
  if (last?.state !== 'CONTAINER_EXITED') {
    // one that was made and never started is made again, with the back-off it had
    plan.steps.push({ ...step, backOffSeconds: last ? backOffOf(last) : 0 })
    return
  }
  const { createdAt, finishedAt } = last
  // what another image did says nothing of this one. kuberuntime_manager.go getStableKey
  const backOffSeconds = last.image === container.image ? backOffOf(last) : 0
  const next = nextStart({ createdAt, finishedAt, backOffSeconds }, input.now, input.mostBackOffSeconds)
  if (input.now < next.at) {
    const wait = goSeconds(next.waitSeconds)
    const message = `back-off ${wait} restarting failed container=${name} pod=${formatPod(input.pod)}`
    plan.waiting.set(name, { reason: 'CrashLoopBackOff', message })
    wake(plan, next.at)
    return
  }
  plan.steps.push({ ...step, backOffSeconds: next.nextBackOffSeconds })
}

function backOffOf(container: ContainerStatus): number {
  return Number(container.labels[keys.backOff] ?? 0)
}

function nextAttempt(input: SyncInput, name: string, kind: ContainerKind, last: ContainerStatus | undefined): number {
  const { pod, state } = input
  const seen = last ? (last.state === 'CONTAINER_CREATED' ? last.attempt : last.attempt + 1) : 0
  const reported = pod.status?.[statusLists[kind]]?.find((status) => status.name === name)
  // it was counted when it was taken away
  if (reported && !last && reported.lastState?.terminated?.reason === restartingAll.reason) return reported.restartCount
  const ran = reported?.containerID ?? reported?.lastState?.terminated?.containerID
  if (!reported || ran === undefined) return seen
  // somebody may have removed an instance from the runtime: the Pod's status still knows that there was one
  const lost = !state.containers.some((one) => ran.endsWith(one.id)) || reported.restartCount > (last?.attempt ?? -1)
  return lost ? Math.max(seen, reported.restartCount + 1) : seen
}

function wake(plan: Plan, at: number): void {
  plan.wakeAt = Math.min(plan.wakeAt ?? Infinity, at)
}

/** The last steps of a Pod: stop what runs (sidecars last), then the sandbox, then the volumes, then what is left. */
function end(input: SyncInput, plan: Plan, graceSeconds: number, remove: boolean): void {
  const { pod, state } = input
  const running = runningContainers(state)
  if (running.length > 0) {
    const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map((container) => container.name)
    const others = running.filter((one) => !sidecars.includes(one.name))
    // sidecars end in the reverse order of their start, after everything that may need them
    const lastSidecar = sidecars.toReversed().find((name) => running.some((one) => one.name === name))
    const next = others.length > 0 ? others : running.filter((one) => one.name === lastSidecar)
    plan.steps.push({ kind: 'killAll', ids: next.map((one) => one.id), graceSeconds, message: undefined })
    return
  }
  for (const one of state.sandboxes) {
    if (one.state === 'SANDBOX_READY') plan.steps.push({ kind: 'stopSandbox', id: one.id })
  }
  if (input.mounted || input.volumesOnDisk) plan.steps.push({ kind: 'unmountVolumes' })
  if (remove) plan.steps.push({ kind: 'finish' })
}

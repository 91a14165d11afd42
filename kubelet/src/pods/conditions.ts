// The Pod's conditions. pkg/kubelet/status/generate.go
import type { ContainerStatus, Pod, PodCondition } from '@kubets/shared/api/types/core-v1.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import { couldRestartAll, isSidecar, type PodFailure } from './model.ts'
import { resizeClaims, type ResizeStatus } from './resize.ts'

/** What a condition says, before it has its times. */
interface Claim {
  type: string
  status: 'True' | 'False'
  reason?: string
  message?: string
}

/** What happens to a Pod beside the states of its containers. */
interface PodCircumstances {
  sandboxReady: boolean
  /** Its containers are taken away so that they all start again. */
  restartingAll: boolean
  resize: ResizeStatus
  failed: PodFailure | undefined
}

/** The conditions the kubelet owns. A condition keeps its transition time as long as its status stays. */
export function podConditions(
  pod: Pod,
  phase: string,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
  { sandboxReady, restartingAll, resize, failed }: PodCircumstances,
  now: number,
): PodCondition[] {
  const containersReady = claimContainersReady(pod, phase, init, main)
  const claims: Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>[] = [
    { type: 'PodReadyToStartContainers', status: sandboxReady ? 'True' : 'False' },
    claimInitialized(pod, phase, init, main),
    claimReady(pod, containersReady),
    containersReady,
    { type: 'PodScheduled', status: 'True' },
    ...(couldRestartAll(pod) ? [claimRestartingAll(phase, restartingAll)] : []),
    ...resizeClaims(resize),
    // core/v1 PodReasonTerminationByKubelet; told when the Pod has ended, not before
    ...(failed?.disruption === undefined
      ? []
      : [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message: failed.disruption }]),
  ]
  return claims.map((claim) => {
    const old = pod.status?.conditions?.find((one) => one.type === claim.type)
    const kept = old?.status === claim.status ? old.lastTransitionTime : undefined
    const generation = pod.metadata.generation
    return {
      ...claim,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: kept ?? formatTime(now),
    }
  })
}

// generate.go GenerateAllContainersRestartingCondition
function claimRestartingAll(phase: string, restarting: boolean): Claim {
  const type = 'AllContainersRestarting'
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' }
  if (!restarting) return { type, status: 'False' }
  const message = 'container exited with restart policy rule'
  return { type, status: 'True', reason: 'RestartAllContainersStarted', message }
}

function claimInitialized(
  pod: Pod,
  phase: string,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
): Claim {
  const type = 'Initialized'
  const containers = pod.spec.initContainers ?? []
  if (containers.length === 0) return { type, status: 'True' }
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' }
  // once a main container has begun, initialisation is over, whatever its containers do now
  if (main.some((one) => one.state?.running ?? one.state?.terminated ?? one.lastState?.terminated)) {
    return { type, status: 'True' }
  }
  const unknown: string[] = []
  const incomplete: string[] = []
  for (const container of containers) {
    const status = init.find((one) => one.name === container.name)
    if (!status) unknown.push(container.name)
    else if (isSidecar(container) ? !status.started : !status.ready) incomplete.push(container.name)
  }
  const message = namedContainers([
    ['unknown', unknown],
    ['incomplete', incomplete],
  ])
  if (message === '') return { type, status: 'True' }
  return { type, status: 'False', reason: 'ContainersNotInitialized', message }
}

function claimContainersReady(
  pod: Pod,
  phase: string,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
): Claim {
  const type = 'ContainersReady'
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' }
  const unknown: string[] = []
  const unready: string[] = []
  const check = (name: string, statuses: readonly ContainerStatus[]): void => {
    const status = statuses.find((one) => one.name === name)
    if (!status) unknown.push(name)
    else if (!status.ready) unready.push(name)
  }
  for (const container of (pod.spec.initContainers ?? []).filter(isSidecar)) check(container.name, init)
  for (const container of pod.spec.containers) check(container.name, main)
  const message = namedContainers([
    ['unknown', unknown],
    ['unready', unready],
  ])
  if (message === '') return { type, status: 'True' }
  return { type, status: 'False', reason: 'ContainersNotReady', message }
}

function claimReady(pod: Pod, containersReady: Claim): Claim {
  const type = 'Ready'
  if (containersReady.status !== 'True') return { ...containersReady, type }
  const messages: string[] = []
  for (const gate of pod.spec.readinessGates ?? []) {
    const condition = pod.status?.conditions?.find((one) => one.type === gate.conditionType)
    if (!condition) {
      messages.push(`corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`)
    } else if (condition.status !== 'True') {
      const status = condition.status
      messages.push(`the status of pod readiness gate "${gate.conditionType}" is not "True", but ${status}`)
    }
  }
  if (messages.length === 0) return { type, status: 'True' }
  return { type, status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') }
}

function namedContainers(groups: readonly (readonly [string, readonly string[]])[]): string {
  return groups
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `containers with ${what} status: [${names.join(' ')}]`)
    .join(', ')
}

import { containerShouldRestart } from '@kubets/shared/api/pod.ts'
import type { Container, ContainerStateTerminated, ContainerStatus, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { isSidecar, restartingAll } from './model.ts'

/**
 * The Pod's phase from its container statuses. `ended` says that nothing of it will run again.
 */
// pkg/kubelet/kubelet_pods.go getPhase
export function podPhase(
  spec: PodSpec,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
  ended: boolean,
): 'Pending' | 'Running' | 'Succeeded' | 'Failed' {
  let pendingInit = 0
  let failedInit = 0
  let failedForGood = 0
  let pendingSidecars = 0
  let stoppedSidecarsOk = true
  for (const container of spec.initContainers ?? []) {
    const status = init.find((one) => one.name === container.name)
    if (isSidecar(container)) {
      if (!status?.started && !status?.state?.terminated && !status?.lastState?.terminated) pendingSidecars++
      if (status?.state?.terminated && status.state.terminated.exitCode !== 0) stoppedSidecarsOk = false
      continue
    }
    const terminated = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined)
    if (!terminated) pendingInit++
    else if (terminated.exitCode !== 0) {
      failedInit++
      if (!restarts(spec, container, terminated)) failedForGood++
      if (!status?.state?.terminated) pendingInit++
    }
  }
  const count = countMain(spec, main)
  if (failedForGood > 0 || (failedInit > 0 && ended)) return 'Failed'
  const begun = count.running + count.stopped > 0
  if (pendingInit > 0 || failedInit > 0 || (pendingSidecars > 0 && !begun)) return ended ? 'Failed' : 'Pending'
  if (count.waiting > 0) return ended ? 'Failed' : 'Pending'
  if (count.running > 0 && count.unknown === 0) return 'Running'
  if (count.running === 0 && count.stopped > 0 && count.unknown === 0) {
    const allWell = count.stopped === count.succeeded
    if (ended) return allWell && (stoppedSidecarsOk || spec.restartPolicy !== 'Always') ? 'Succeeded' : 'Failed'
    if (count.restarting > 0) return 'Running'
    return allWell ? 'Succeeded' : 'Failed'
  }
  return ended ? 'Failed' : 'Pending'
}

/** Whether a container that ended so runs again. */
function restarts(spec: PodSpec, container: Container, { exitCode, reason }: ContainerStateTerminated): boolean {
  return reason === restartingAll.reason || containerShouldRestart(container, spec, exitCode)
}

function countMain(spec: PodSpec, statuses: readonly ContainerStatus[]) {
  const count = { unknown: 0, running: 0, waiting: 0, stopped: 0, restarting: 0, succeeded: 0 }
  for (const container of spec.containers) {
    const status = statuses.find((one) => one.name === container.name)
    const terminated = status?.state?.terminated
    if (status?.state?.running) count.running++
    else if (terminated) {
      count.stopped++
      if (restarts(spec, container, terminated)) count.restarting++
      if (terminated.exitCode === 0) count.succeeded++
    } else if (status?.state?.waiting) {
      const last = status.lastState?.terminated
      if (!last) count.waiting++
      else {
        count.stopped++
        if (restarts(spec, container, last)) count.restarting++
      }
    } else count.unknown++
  }
  return count
}

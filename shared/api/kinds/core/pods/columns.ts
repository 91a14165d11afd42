import { humanDuration, parseTime } from '../../../../machinery/time.ts'
import type { ContainerStatus, Pod } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Ready', 'The aggregate readiness state of this pod for accepting traffic.'),
  column('Status', 'The aggregate status of the containers in this pod.'),
  column('Restarts', 'How often the containers in this pod have been restarted, and when the last one was.'),
  ageColumn,
  column('IP', 'Address of the pod.', { wide: true }),
  column('Node', 'Node the pod is assigned to.', { wide: true }),
  column('Nominated Node', 'Node the pod will be assigned to after preemption.', { wide: true }),
  column('Readiness Gates', 'How many of the readiness gates are passed.', { wide: true }),
]

// pkg/printers/internalversion/printers.go printPod
export function row(pod: Pod, now: number): Cell[] {
  const { status, spec } = pod
  const summary = summarize(pod)
  const restarts = summary.lastRestart
    ? `${summary.restarts} (${humanDuration(now - summary.lastRestart)} ago)`
    : `${summary.restarts}`
  return [
    pod.metadata.name ?? '',
    `${summary.ready}/${summary.total}`,
    summary.reason,
    restarts,
    age(pod, now),
    status?.podIPs?.[0]?.ip || status?.podIP || '<none>',
    spec.nodeName || '<none>',
    status?.nominatedNodeName || '<none>',
    readinessGates(pod),
  ]
}

interface Summary {
  reason: string
  restarts: number
  /** Milliseconds since the epoch; 0 where no container has restarted. */
  lastRestart: number
  ready: number
  total: number
}

function summarize(pod: Pod): Summary {
  const sidecars = new Set<string>()
  for (const container of pod.spec.initContainers ?? [])
    if (container.restartPolicy === 'Always') sidecars.add(container.name)

  const summary: Summary = {
    reason: initialReason(pod),
    restarts: 0,
    lastRestart: 0,
    ready: 0,
    total: (pod.spec.containers ?? []).length + sidecars.size,
  }
  let sidecarRestarts = 0
  let lastSidecarRestart = 0
  let initializing = false
  for (const [i, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = sidecars.has(container.name)
    summary.restarts += container.restartCount ?? 0
    summary.lastRestart = Math.max(summary.lastRestart, finishedAt(container))
    if (isSidecar) {
      sidecarRestarts += container.restartCount ?? 0
      lastSidecarRestart = Math.max(lastSidecarRestart, finishedAt(container))
    }
    const { terminated, waiting } = container.state ?? {}
    if (terminated && terminated.exitCode === 0) continue
    if (isSidecar && container.started) {
      if (container.ready) summary.ready++
      continue
    }
    if (terminated) summary.reason = `Init:${terminatedReason(terminated)}`
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') summary.reason = `Init:${waiting.reason}`
    else summary.reason = `Init:${i}/${(pod.spec.initContainers ?? []).length}`
    initializing = true
    break
  }
  if (!initializing || initializedCondition(pod)) {
    summary.restarts = sidecarRestarts
    summary.lastRestart = lastSidecarRestart
    addContainers(pod, summary)
  }
  if (pod.metadata.deletionTimestamp) {
    if (pod.status?.reason === 'NodeLost') summary.reason = 'Unknown'
    else if (pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded') summary.reason = 'Terminating'
  }
  return summary
}

function initialReason(pod: Pod): string {
  for (const condition of pod.status?.conditions ?? [])
    if (condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated') return condition.reason
  return pod.status?.reason || pod.status?.phase || ''
}

function addContainers(pod: Pod, summary: Summary): void {
  let running = false
  const containers = pod.status?.containerStatuses ?? []
  for (let i = containers.length - 1; i >= 0; i--) {
    const container = containers[i]!
    summary.restarts += container.restartCount ?? 0
    summary.lastRestart = Math.max(summary.lastRestart, finishedAt(container))
    const { terminated, waiting } = container.state ?? {}
    if (waiting?.reason) summary.reason = waiting.reason
    else if (terminated) summary.reason = terminatedReason(terminated)
    else if (container.ready && container.state?.running) {
      running = true
      summary.ready++
    }
  }
  if (summary.reason === 'Completed' && running) summary.reason = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady'
}

function terminatedReason(terminated: { reason?: string; signal?: number; exitCode?: number }): string {
  if (terminated.reason) return terminated.reason
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode ?? 0}`
}

function finishedAt(container: ContainerStatus): number {
  const time = container.lastState?.terminated?.finishedAt
  return time ? parseTime(time) : 0
}

function hasCondition(pod: Pod, type: string): boolean {
  return (pod.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True')
}

function initializedCondition(pod: Pod): boolean {
  return hasCondition(pod, 'Initialized')
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  return `${gates.filter((gate) => hasCondition(pod, gate.conditionType)).length}/${gates.length}`
}

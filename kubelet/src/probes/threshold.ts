import type { Probe } from '@kubets/shared/api/types/core-v1.ts'
import type { ProbeKind, ProbeResult } from '../pods/model.ts'

/** What a container's probe counts as before its first outcome: it lives, is not ready, and has not started. */
// pkg/kubelet/prober/worker.go newWorker
export const initialResults: Readonly<Record<ProbeKind, ProbeResult>> = {
  liveness: 'Success',
  readiness: 'Failure',
  startup: 'Unknown',
}

export interface Run {
  last: ProbeResult | undefined
  count: number
}

/** Counts equal outcomes in a row; `settled` is the new result when the row is as long as the probe asks for. */
export function count(probe: Probe, run: Run, outcome: ProbeResult): { run: Run; settled: ProbeResult | undefined } {
  const next = { last: outcome, count: run.last === outcome ? run.count + 1 : 1 }
  const needed = outcome === 'Success' ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
  if (outcome === 'Unknown') return { run, settled: undefined }
  return { run: next, settled: next.count >= needed ? outcome : undefined }
}

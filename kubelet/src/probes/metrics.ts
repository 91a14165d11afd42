import { Counter, Histogram, type Registry } from 'prom-client'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ProbeKind, ProbeResult } from '../pods/model.ts'

/** Notes how a probe went and how long it took; forgets what is told of a container when it is probed no more. */
export interface ProbeMetrics {
  observe(pod: Pod, container: string, kind: ProbeKind, result: ProbeResult, seconds: number): void
  forget(pod: Pod, container: string, kind: ProbeKind): void
}

/** How a kind of probe is called in events and metrics. */
export const probeTitles: Readonly<Record<ProbeKind, string>> = {
  liveness: 'Liveness',
  readiness: 'Readiness',
  startup: 'Startup',
}
const results: Readonly<Record<ProbeResult, string>> = {
  Success: 'successful',
  Failure: 'failed',
  Unknown: 'unknown',
}

/** The metrics of /metrics/probes. */
// pkg/kubelet/prober/prober_manager.go ProberResults, ProberDuration
export function probeMetrics(register: Registry): ProbeMetrics {
  const total = new Counter({
    name: 'prober_probe_total',
    help: '[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.',
    labelNames: ['probe_type', 'result', 'container', 'pod', 'namespace', 'pod_uid'],
    registers: [register],
  })
  const duration = new Histogram({
    name: 'prober_probe_duration_seconds',
    help: '[ALPHA] Duration in seconds for a probe response.',
    labelNames: ['probe_type', 'container', 'pod', 'namespace'],
    registers: [register],
  })
  const labels = ({ metadata: { name = '', namespace = '' } }: Pod, container: string, kind: ProbeKind) => ({
    probe_type: probeTitles[kind],
    container,
    pod: name,
    namespace,
  })
  return {
    observe(pod, container, kind, result, seconds) {
      const { uid = '' } = pod.metadata
      total.inc({ ...labels(pod, container, kind), result: results[result], pod_uid: uid })
      duration.observe(labels(pod, container, kind), seconds)
    },
    forget(pod, container, kind) {
      const { uid = '' } = pod.metadata
      for (const result of Object.values(results)) {
        total.remove({ ...labels(pod, container, kind), result, pod_uid: uid })
      }
      duration.remove(labels(pod, container, kind))
    },
  }
}

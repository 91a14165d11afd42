import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export type Action = 'scale_up' | 'scale_down' | 'none'
export type Fault = 'spec' | 'internal' | 'none'

/** What is counted of autoscalers, under upstream's names. */
export interface AutoscalingMetrics {
  /** One look at an autoscaler. */
  reconciled(action: Action, error: Fault, seconds: number): void
  /** One of its metrics, of this type. */
  computed(action: Action, error: Fault, seconds: number, type: string): void
  /** How many autoscalers there are. */
  count(autoscalers: number): void
  /** The size that an autoscaler wants; undefined when it is gone. */
  desired(namespace: string, name: string, replicas: number | undefined): void
}

/** Which way a size goes from the one that was. */
export const actionOf = (from: number, to: number): Action =>
  to > from ? 'scale_up' : to < from ? 'scale_down' : 'none'

const prefix = 'horizontal_pod_autoscaler_controller'
const about =
  "The label 'action' should be either 'scale_down', 'scale_up', or 'none'. The label 'error' should be either 'spec', 'internal', or 'none'."
const ofType = "The label 'metric_type' corresponds to HPA.spec.metrics[*].type"

/** Shows in the registry what is counted. */
// pkg/controller/podautoscaler/monitor/metrics.go
export const autoscalingMetrics = (register: Registry): AutoscalingMetrics => {
  const registers = [register]
  const buckets = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i)
  const labelNames = ['action', 'error']
  const reconciliations = new Counter({
    name: `${prefix}_reconciliations_total`,
    help: `Number of reconciliations of HPA controller. ${about}`,
    labelNames,
    registers,
  })
  const reconciliationSeconds = new Histogram({
    name: `${prefix}_reconciliation_duration_seconds`,
    help: `The time(seconds) that the HPA controller takes to reconcile once. ${about}`,
    labelNames,
    buckets,
    registers,
  })
  const computations = new Counter({
    name: `${prefix}_metric_computation_total`,
    help: `Number of metric computations. ${about} ${ofType}`,
    labelNames: [...labelNames, 'metric_type'],
    registers,
  })
  const computationSeconds = new Histogram({
    name: `${prefix}_metric_computation_duration_seconds`,
    help: `The time(seconds) that the HPA controller takes to calculate one metric. ${about} ${ofType}`,
    labelNames: [...labelNames, 'metric_type'],
    buckets,
    registers,
  })
  const autoscalers = new Gauge({
    name: `${prefix}_num_horizontal_pod_autoscalers`,
    help: 'Current number of controlled HPA objects.',
    registers,
  })
  const wanted = new Gauge({
    name: `${prefix}_desired_replicas`,
    help: 'Current desired replica count for HPA objects.',
    labelNames: ['namespace', 'hpa_name'],
    registers,
  })
  return {
    reconciled: (action, error, seconds) => {
      reconciliations.inc({ action, error })
      reconciliationSeconds.observe({ action, error }, seconds)
    },
    computed: (action, error, seconds, type) => {
      const labels = { action, error, metric_type: type }
      computations.inc(labels)
      computationSeconds.observe(labels, seconds)
    },
    count: (number) => autoscalers.set(number),
    desired: (namespace, name, replicas) => {
      const labels = { namespace, hpa_name: name }
      if (replicas === undefined) wanted.remove(labels)
      else wanted.set(labels, replicas)
    },
  }
}

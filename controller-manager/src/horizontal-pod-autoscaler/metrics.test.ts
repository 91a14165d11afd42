import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { actionOf, autoscalingMetrics } from './metrics.ts'

it('autoscaling is counted under upstream’s names', async () => {
  const registry = new Registry()
  const metrics = autoscalingMetrics(registry)
  metrics.reconciled(actionOf(1, 2), 'none', 0.003)
  metrics.computed(actionOf(2, 1), 'internal', 0.5, 'Resource')
  metrics.count(2)
  metrics.desired('ns', 'kept', 3)
  metrics.desired('ns', 'gone', 4)
  metrics.desired('ns', 'gone', undefined)
  const lines = (await registry.metrics()).split('\n').filter((line) => !line.startsWith('#'))
  expect(lines).toEqual(
    expect.arrayContaining([
      'horizontal_pod_autoscaler_controller_reconciliations_total{action="scale_up",error="none"} 1',
      'horizontal_pod_autoscaler_controller_reconciliation_duration_seconds_bucket{le="0.004",action="scale_up",error="none"} 1',
      'horizontal_pod_autoscaler_controller_metric_computation_total{action="scale_down",error="internal",metric_type="Resource"} 1',
      'horizontal_pod_autoscaler_controller_metric_computation_duration_seconds_sum{action="scale_down",error="internal",metric_type="Resource"} 0.5',
      'horizontal_pod_autoscaler_controller_num_horizontal_pod_autoscalers 2',
      'horizontal_pod_autoscaler_controller_desired_replicas{namespace="ns",hpa_name="kept"} 3',
    ]),
  )
  expect(lines.join()).not.toContain('gone')
})

import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { evictionMetrics } from './metrics.ts'

it.each([
  ['taint_eviction_controller', '', 'TaintEvictionController'],
  ['device_taint_eviction_controller', 'device ', 'DeviceTaintEvictionController'],
] as const)('%s counts whom it deletes, and how late', async (prefix, of, controller) => {
  const registry = new Registry()
  evictionMetrics(registry, { prefix, of, controller }).deleted(0.4)
  // started again, it goes on counting; a clock that was set back makes nobody early
  evictionMetrics(registry, { prefix, of, controller }).deleted(-2)
  const lines = (await registry.metrics()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      `# HELP ${prefix}_pod_deletions_total Total number of Pods deleted by ${controller} since its start.`,
      `${prefix}_pod_deletions_total 2`,
      `${prefix}_pod_deletion_duration_seconds_bucket{le="0.005"} 1`,
      `${prefix}_pod_deletion_duration_seconds_bucket{le="0.5"} 2`,
      `${prefix}_pod_deletion_duration_seconds_bucket{le="240"} 2`,
      `${prefix}_pod_deletion_duration_seconds_sum 0.4`,
    ]),
  )
})

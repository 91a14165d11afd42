import type { Registry } from 'prom-client'
import { counterIn } from '../registered.ts'

// pkg/controller/volume/ephemeral/metrics/metrics.go
const help = 'Number of PersistentVolumeClaim creation requests'

/** How many claims were asked for, and how many in vain. */
export const ephemeralVolumeMetrics = (registry: Registry) => ({
  attempts: counterIn(registry, { name: 'ephemeral_volume_controller_create_total', help }),
  failures: counterIn(registry, { name: 'ephemeral_volume_controller_create_failures_total', help }),
})

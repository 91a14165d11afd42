import { Counter, Histogram, type Registry } from 'prom-client'

/** Notes which plugins came, and how long they took to give devices out. */
export interface DeviceMetrics {
  registered(resource: string): void
  allocated(resource: string, seconds: number): void
}

/** The metrics of device plugins. pkg/kubelet/metrics/metrics.go */
export function deviceMetrics(register: Registry): DeviceMetrics {
  const registrations = new Counter({
    name: 'kubelet_device_plugin_registration_total',
    help: '[ALPHA] Cumulative number of device plugin registrations. Broken down by resource name.',
    labelNames: ['resource_name'],
    registers: [register],
  })
  const durations = new Histogram({
    name: 'kubelet_device_plugin_alloc_duration_seconds',
    help: '[ALPHA] Duration in seconds to serve a device plugin Allocation request. Broken down by resource name.',
    labelNames: ['resource_name'],
    registers: [register],
  })
  return {
    registered: (resource) => registrations.inc({ resource_name: resource }),
    allocated: (resource, seconds) => durations.observe({ resource_name: resource }, seconds),
  }
}

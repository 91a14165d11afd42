import { Gauge, Histogram, type Registry } from 'prom-client'

/** Notes how long it took to have claims prepared and taken back. */
export interface DraMetrics {
  /** All claims of a Pod. */
  operated(operation: 'PrepareResources' | 'UnprepareResources', failed: boolean, seconds: number): void
  /** A driver was asked; `method` with its service, `code` as Go's gRPC names it. */
  called(driver: string, method: string, code: string, seconds: number): void
}

// pkg/kubelet/metrics/metrics.go DRADurationBuckets: up to near the longest time a driver has
const buckets = Array.from({ length: 15 }, (_, i) => 0.1 * (40 / 0.1) ** (i / 14))

/** The metrics of drivers of devices that Pods claim. pkg/kubelet/metrics/metrics.go */
export function draMetrics(register: Registry): DraMetrics {
  const operations = new Histogram({
    name: 'dra_operations_duration_seconds',
    help: "[ALPHA] Latency histogram in seconds for the duration of handling all ResourceClaims referenced by a pod when the pod starts or stops. Identified by the name of the operation (PrepareResources or UnprepareResources) and separated by the success of the operation. The number of failed operations is provided through the histogram's overall count.",
    labelNames: ['operation_name', 'is_error'],
    buckets,
    registers: [register],
  })
  const calls = new Histogram({
    name: 'dra_grpc_operations_duration_seconds',
    help: '[ALPHA] Duration in seconds of the DRA gRPC operations',
    labelNames: ['driver_name', 'method_name', 'grpc_status_code'],
    buckets,
    registers: [register],
  })
  return {
    operated: (operation, failed, seconds) =>
      operations.observe({ operation_name: operation, is_error: String(failed) }, seconds),
    called: (driver, method, code, seconds) =>
      calls.observe({ driver_name: driver, method_name: method, grpc_status_code: code }, seconds),
  }
}

/** How many claims Pods of the node have, by the drivers of their devices. pkg/kubelet/cm/dra/claiminfo.go claimInfoCollector */
export function claimsInUse(register: Registry, drivers: () => Iterable<ReadonlySet<string>>): void {
  new Gauge({
    name: 'dra_resource_claims_in_use',
    help: '[ALPHA] The number of ResourceClaims that are currently in use on the node, by driver name (driver_name label value) and across all drivers (special value <any> for driver_name). Note that the sum of all by-driver counts is not the total number of in-use ResourceClaims because the same ResourceClaim might use devices from different drivers. Instead, use the count for the <any> driver_name.',
    labelNames: ['driver_name'],
    registers: [register],
    collect() {
      this.reset()
      this.set({ driver_name: '<any>' }, 0)
      for (const of of drivers()) for (const driver of ['<any>', ...of]) this.inc({ driver_name: driver })
    },
  })
}

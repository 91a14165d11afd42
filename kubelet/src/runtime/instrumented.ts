import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { Counter, exponentialBuckets, Histogram, type Registry } from 'prom-client'
import type { Runtime } from './types.ts'

/** What is asked of the runtime, by the names that upstream's metrics have for it. */
// pkg/kubelet/kuberuntime/instrumented_services.go
const operations: Readonly<Partial<Record<keyof Runtime, string>>> = {
  version: 'version',
  status: 'status',
  runPodSandbox: 'run_podsandbox',
  stopPodSandbox: 'stop_podsandbox',
  removePodSandbox: 'remove_podsandbox',
  listPodSandbox: 'list_podsandbox',
  podSandboxStatus: 'podsandbox_status',
  createContainer: 'create_container',
  startContainer: 'start_container',
  stopContainer: 'stop_container',
  updateContainerResources: 'update_container',
  removeContainer: 'remove_container',
  listContainers: 'list_containers',
  containerStatus: 'container_status',
  execSync: 'exec_sync',
  exec: 'exec',
  attach: 'attach',
  containerStats: 'list_container_stats',
  imageFsPath: 'image_fs_info',
  listImages: 'list_images',
  imageStatus: 'image_status',
  pullImage: 'pull_image',
  removeImage: 'remove_image',
}

type Call = (...args: readonly unknown[]) => Promise<unknown>

/** The same runtime; what it is asked is counted and timed. pkg/kubelet/metrics/metrics.go */
export function instrumented<T extends Runtime>(runtime: T, register: Registry, clock: Clock): T {
  const common = { labelNames: ['operation_type'] as const, registers: [register] }
  const total = new Counter({
    ...common,
    name: 'kubelet_runtime_operations_total',
    help: '[ALPHA] Cumulative number of runtime operations by operation type.',
  })
  const errors = new Counter({
    ...common,
    name: 'kubelet_runtime_operations_errors_total',
    help: '[ALPHA] Cumulative number of runtime operation errors by operation type.',
  })
  const durations = new Histogram({
    ...common,
    name: 'kubelet_runtime_operations_duration_seconds',
    help: '[BETA] Duration in seconds of runtime operations. Broken down by operation type.',
    buckets: exponentialBuckets(0.005, 2.5, 14),
  })
  const timed = Object.entries(operations).map(([name, operation_type]) => {
    const call = runtime[name as keyof Runtime] as unknown as Call
    const observed: Call = async (...args) => {
      const begun = clock.elapsed()
      total.inc({ operation_type })
      try {
        return await call(...args)
      } catch (error) {
        errors.inc({ operation_type })
        throw error
      } finally {
        durations.observe({ operation_type }, (clock.elapsed() - begun) / 1000)
      }
    }
    return [name, observed]
  })
  return { ...runtime, ...(Object.fromEntries(timed) as Partial<T>) }
}

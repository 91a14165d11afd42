import { Counter, type Registry } from 'prom-client'

/** What the kubelet counts of Pods and images that had to go. */
export interface ReclaimMetrics {
  /** An image was removed because the disk was too full, or because nobody had used it for too long. */
  imageCollected(reason: 'space' | 'age'): void
  /** A Pod had to go for what this signal says. */
  evicted(signal: string): void
  /** A Pod had to go for a critical one that lacked this resource. */
  preempted(resource: string): void
}

/** The metrics of what had to go. pkg/kubelet/metrics/metrics.go */
export function reclaimMetrics(register: Registry): ReclaimMetrics {
  const images = new Counter({
    name: 'kubelet_image_garbage_collected_total',
    help: '[ALPHA] Total number of images garbage collected by the kubelet, whether through disk usage or image age.',
    labelNames: ['reason'],
    registers: [register],
  })
  const evictions = new Counter({
    name: 'kubelet_evictions',
    help: '[ALPHA] Cumulative number of pod evictions by eviction signal',
    labelNames: ['eviction_signal'],
    registers: [register],
  })
  const preemptions = new Counter({
    name: 'kubelet_preemptions',
    help: '[ALPHA] Cumulative number of pod preemptions by preemption resource',
    labelNames: ['preemption_signal'],
    registers: [register],
  })
  return {
    evicted: (signal) => evictions.inc({ eviction_signal: signal }),
    preempted: (resource) => preemptions.inc({ preemption_signal: resource }),
    imageCollected: (reason) => images.inc({ reason }),
  }
}

import { Counter, type Registry } from 'prom-client'

/** What the kubelet counts of Pods and images that had to go. */
export interface ReclaimMetrics {
  /** An image was removed because the disk was too full. */
  imageCollected(): void
}

/** The metrics of what had to go. pkg/kubelet/metrics/metrics.go */
export function reclaimMetrics(register: Registry): ReclaimMetrics {
  const images = new Counter({
    name: 'kubelet_image_garbage_collected_total',
    help: '[ALPHA] Total number of images garbage collected by the kubelet, whether through disk usage or image age.',
    labelNames: ['reason'],
    registers: [register],
  })
  return {
    imageCollected: () => images.inc({ reason: 'space' }),
  }
}

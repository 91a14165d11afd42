import { normalizedImage } from '../cache/node-info.ts'
import { maxNodeScore, type Plugin } from '../framework/plugin.ts'

const mebibyte = 1024 * 1024
// below the first an image is as good as there, above the second it counts no more
const smallest = 23 * mebibyte
const largestPerContainer = 1000 * mebibyte

/** Prefers nodes that have the Pod's images; an image counts less the fewer nodes have it, lest they be overrun. */
// pkg/scheduler/framework/plugins/imagelocality/image_locality.go
export const imageLocality: Plugin = {
  name: 'ImageLocality',
  preScore({ pod }, snapshot) {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    const images = containers
      .map(({ image }) => normalizedImage(image ?? ''))
      .map((name) => ({ name, spread: snapshot.imageNodes(name) / snapshot.nodes.length }))
      .filter(({ spread }) => spread > 0)
    // nobody has any of them: all nodes are alike
    if (images.length === 0) return undefined
    const largest = largestPerContainer * containers.length
    return {
      score(node) {
        const bytes = images.reduce(
          (sum, { name, spread }) => sum + Math.trunc((node.images.get(name) ?? 0) * spread),
          0,
        )
        const counted = Math.min(Math.max(bytes, smallest), largest)
        return Math.trunc((maxNodeScore * (counted - smallest)) / (largest - smallest))
      },
    }
  },
}

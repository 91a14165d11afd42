// What the kubelet's server asks of the kubelet about Pods.
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'

/** The Pods bound to this node, as last read from the API server, with the status the kubelet last computed. */
export interface PodSource {
  get(namespace: string, name: string): Pod | undefined
  list(): Pod[]
}

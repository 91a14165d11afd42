// Short ways to write nodes and Pods in the tests' tables.
import type { Node, NodeSpec, Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { selectorFromLabels } from '@kubets/shared/machinery/selector.ts'
import { Cache } from './cache/cache.ts'

interface NodeCase {
  cpu?: string
  memory?: string
  pods?: string
  labels?: Record<string, string>
  images?: { names: string[]; sizeBytes: number }[]
  spec?: Partial<NodeSpec>
}

export function node(
  name: string,
  { cpu = '4', memory = '8Gi', pods = '110', labels, images, spec }: NodeCase = {},
): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...spec },
    status: { allocatable: { cpu, memory, pods }, ...(images ? { images } : {}) },
  }
}

interface PodCase {
  cpu?: string
  memory?: string
  hostPort?: number
  image?: string
  on?: string
  namespace?: string
  labels?: Record<string, string>
  spec?: Partial<PodSpec>
}

export function pod(name: string, { cpu, memory, hostPort, image, on, namespace, labels, spec }: PodCase = {}): Pod {
  const requests = { ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: namespace ?? 'default', uid: `uid-${name}`, ...(labels ? { labels } : {}) },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [
        {
          name: 'c',
          image: image ?? 'web',
          resources: { requests },
          ...(hostPort ? { ports: [{ containerPort: hostPort, hostPort }] } : {}),
        },
      ],
      ...(on ? { nodeName: on } : {}),
      ...spec,
    },
  }
}

/** A cache with these nodes and Pods on them; Pods with the label "app" are siblings by it. */
export function cacheOf(nodes: readonly Node[], pods: readonly Pod[] = []): Cache {
  const cache = new Cache(({ labels }) => (labels['app'] ? selectorFromLabels({ app: labels['app'] }) : undefined))
  for (const each of nodes) cache.setNode(each)
  for (const each of pods) cache.setPod(each)
  return cache
}

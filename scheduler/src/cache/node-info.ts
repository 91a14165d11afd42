import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import type { HostPort } from '@kubets/shared/api/host-ports.ts'
import type { PodInfo } from './pod-info.ts'
import { addTo, noResources, resourcesOf, type Resources } from './resources.ts'

const noLabels = Object.create(null) as Record<string, string>

/** A node and the sum of what runs on it, kept up to date Pod by Pod. */
export class NodeInfo {
  readonly name: string
  readonly pods = new Map<string, PodInfo>()
  readonly requested: Resources = noResources()
  readonly scoredRequested: Resources = noResources()
  readonly usedPorts = new Map<string, readonly HostPort[]>()
  #node: Node | undefined
  allocatable: Resources = noResources()
  allowedPods = 0
  /** Nothing but labels: no key finds what objects inherit. */
  labels: Readonly<Record<string, string>> = noLabels
  /** Bytes by image name, every name of an image. */
  images: ReadonlyMap<string, number> = new Map()

  constructor(name: string) {
    this.name = name
  }

  /** The object; undefined while only Pods of this node are known. */
  get node(): Node | undefined {
    return this.#node
  }

  setNode(node: Node | undefined): void {
    this.#node = node
    this.labels = Object.assign(Object.create(null) as Record<string, string>, node?.metadata.labels)
    this.allocatable = resourcesOf(node?.status?.allocatable)
    const pods = node?.status?.allocatable?.['pods']
    this.allowedPods = pods === undefined ? 0 : parseQuantity(pods).value()
    this.images = new Map(
      (node?.status?.images ?? []).flatMap(({ names, sizeBytes }) =>
        (names ?? []).map((name): [string, number] => [normalizedImage(name), Number(sizeBytes ?? 0)]),
      ),
    )
  }

  addPod(pod: PodInfo): void {
    this.removePod(pod.uid)
    this.pods.set(pod.uid, pod)
    addTo(this.requested, pod.requests)
    addTo(this.scoredRequested, pod.scoredRequests)
    if (pod.hostPorts.length > 0) this.usedPorts.set(pod.uid, pod.hostPorts)
  }

  removePod(uid: string): void {
    const pod = this.pods.get(uid)
    if (!pod) return
    this.pods.delete(uid)
    this.usedPorts.delete(uid)
    addTo(this.requested, pod.requests, -1)
    addTo(this.scoredRequested, pod.scoredRequests, -1)
  }
}

/** The name with ":latest" where it says neither tag nor digest. */
// pkg/scheduler/framework/plugins/imagelocality/image_locality.go normalizedImageName
export function normalizedImage(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name
}

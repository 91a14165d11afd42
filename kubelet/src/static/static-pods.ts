import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { annotations } from './manifest.ts'
import { fullName, isMirrorOf, type Mirrored } from './mirror.ts'

/** What a source's news change. */
export interface Changes {
  added: Pod[]
  changed: Pod[]
  removed: Pod[]
  /** Pods that have the name of another, and do not run for that. */
  ignored: Pod[]
}

/** The static Pods of a node, by their sources, and the mirrors that the API server has. */
// pkg/kubelet/config/config.go podStorage, pkg/kubelet/pod/pod_manager.go
export class StaticPods {
  readonly #sources = new Map<string, readonly Pod[]>()
  readonly #mirrors = new Map<string, Pod>()
  #pods = new Map<string, Pod>()

  /** Takes all that a source has now. `seen`: when, as it is written on Pods that are new. */
  set(source: string, pods: readonly Pod[], seen: string): Changes {
    this.#sources.set(source, pods)
    const before = this.#pods
    const after = new Map<string, Pod>()
    const names = new Set<string>()
    const changes: Changes = { added: [], changed: [], removed: [], ignored: [] }
    for (const pod of [...this.#sources.values()].flat()) {
      const { uid = '' } = pod.metadata
      const name = fullName(pod)
      if (names.has(name) || after.has(uid)) {
        changes.ignored.push(pod)
        continue
      }
      names.add(name)
      const known = before.get(uid)
      const next = seenAt(pod, known?.metadata.annotations?.[annotations.seen] ?? seen)
      const same = known && deepEqual(known, next)
      after.set(uid, same ? known : next)
      if (!known) changes.added.push(next)
      else if (!same) changes.changed.push(next)
    }
    for (const [uid, pod] of before) if (!after.has(uid)) changes.removed.push(pod)
    this.#pods = after
    return changes
  }

  /** All static Pods, with the status that their mirrors have. */
  list(): Pod[] {
    return [...this.#pods.values()].map((pod) => this.#withStatus(pod))
  }

  byName(name: string): Pod | undefined {
    const pod = this.#pods.values().find((one) => fullName(one) === name)
    return pod && this.#withStatus(pod)
  }

  takeMirror(mirror: Pod): void {
    this.#mirrors.set(fullName(mirror), mirror)
  }

  loseMirror(mirror: Pod): void {
    const name = fullName(mirror)
    if (this.#mirrors.get(name)?.metadata.uid === mirror.metadata.uid) this.#mirrors.delete(name)
  }

  /** The mirror that shows a static Pod as it is now; undefined when there is none. */
  mirrorOf(pod: Pod): Pod | undefined {
    const mirror = this.#mirrors.get(fullName(pod))
    return mirror && isMirrorOf(mirror, pod) ? mirror : undefined
  }

  /** @param ending whether another Pod of that name has not ended yet */
  mirrored(name: string, ending: (pod: Pod | undefined) => boolean): Mirrored {
    const pod = this.byName(name)
    return { pod, mirror: this.#mirrors.get(name), ending: ending(pod) }
  }

  /** The names of all static Pods and mirrors. */
  names(): Set<string> {
    return new Set([...this.#pods.values().map(fullName), ...this.#mirrors.keys()])
  }

  #withStatus(pod: Pod): Pod {
    const status = this.mirrorOf(pod)?.status
    return status ? { ...pod, status } : pod
  }
}

function seenAt(pod: Pod, time: string): Pod {
  const { metadata } = pod
  return { ...pod, metadata: { ...metadata, annotations: { ...metadata.annotations, [annotations.seen]: time } } }
}

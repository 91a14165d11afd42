import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'

const indexAnnotation = 'batch.kubernetes.io/job-completion-index'

interface Limits {
  /** How many Pods of an owner may be at work at once, by "namespace/app". */
  readonly most: ReadonlyMap<string, number>
  /** How many of them must stay ready once that many were, by the same. */
  readonly least: ReadonlyMap<string, number>
}

/** Sees every change of Pods, claims and volumes, and keeps what must never be. */
export class Witness {
  /** What went wrong, in words. */
  readonly problems: string[] = []
  readonly #limits: Limits
  readonly #pods = new Map<string, Pod>()
  readonly #succeeded = new Map<string, Map<string, string>>()
  readonly #wasReady = new Set<string>()
  readonly #volumeOfClaim = new Map<string, string>()
  readonly #claimOfVolume = new Map<string, string>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  pod(pod: Pod): void {
    const { uid = '', name = '' } = pod.metadata
    const before = this.#pods.get(uid)
    const moved = before?.spec.nodeName && before.spec.nodeName !== pod.spec.nodeName
    if (moved) this.problems.push(`${name} moved from ${before.spec.nodeName ?? ''} to ${pod.spec.nodeName ?? ''}`)
    this.#pods.set(uid, pod)
    if (pod.status?.phase === 'Succeeded') this.#succeeds(pod)
    this.#count(pod)
  }

  podGone(pod: Pod): void {
    this.#pods.delete(pod.metadata.uid ?? '')
    this.#count(pod)
  }

  claim({ metadata, spec }: PersistentVolumeClaim): void {
    const { uid = '', name = '' } = metadata
    const bound = this.#volumeOfClaim.get(uid)
    if (bound !== undefined && bound !== spec.volumeName)
      this.problems.push(`claim ${name} went from ${bound} to ${spec.volumeName ?? 'none'}`)
    if (!spec.volumeName || bound === spec.volumeName) return
    for (const [other, volume] of this.#volumeOfClaim)
      if (volume === spec.volumeName) this.problems.push(`claims ${other} and ${uid} (${name}) both hold ${volume}`)
    this.#volumeOfClaim.set(uid, spec.volumeName)
  }

  volume({ metadata, spec }: PersistentVolume): void {
    const { uid = '', name = '' } = metadata
    const claim = spec.claimRef?.uid
    const bound = this.#claimOfVolume.get(uid)
    if (bound !== undefined && claim !== undefined && claim !== bound)
      this.problems.push(`volume ${name} went from claim ${bound} to ${claim}`)
    if (claim !== undefined) this.#claimOfVolume.set(uid, claim)
  }

  /** The indexes of the app's Pods that succeeded, each once, in order; for those without an index, their uids. */
  succeeded(app: string): string[] {
    return [...(this.#succeeded.get(app)?.keys() ?? [])].toSorted((a, b) => Number(a) - Number(b))
  }

  #succeeds(pod: Pod): void {
    const { uid = '', annotations = {} } = pod.metadata
    const app = appOf(pod)
    const index = annotations[indexAnnotation] ?? uid
    const known = this.#succeeded.get(app) ?? new Map<string, string>()
    this.#succeeded.set(app, known)
    if (known.has(index) && known.get(index) !== uid) this.problems.push(`index ${index} of ${app} succeeded twice`)
    known.set(index, uid)
  }

  #count(changed: Pod): void {
    const app = appOf(changed)
    const owner = changed.metadata.ownerReferences?.[0]?.uid
    const all = [...this.#pods.values()].filter((pod) => appOf(pod) === app)
    const active = all.filter(isActive)
    const most = this.#limits.most.get(app)
    const own = active.filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === owner)
    if (most !== undefined && own.length > most)
      this.problems.push(
        `${app} has ${String(own.length)} Pods: ${own.map(({ metadata }) => metadata.name).join(', ')}`,
      )
    const least = this.#limits.least.get(app)
    if (least === undefined) return
    const ready = active.filter(({ status }) =>
      status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
    )
    if (ready.length > least) this.#wasReady.add(app)
    if (this.#wasReady.has(app) && ready.length < least)
      this.problems.push(`${app} has only ${String(ready.length)} Pods that are ready`)
  }
}

const appOf = ({ metadata }: Pod): string => `${metadata.namespace ?? ''}/${metadata.labels?.['app'] ?? ''}`

const isActive = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

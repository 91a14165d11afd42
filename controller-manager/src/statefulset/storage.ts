import { persistentVolumeClaims as ref } from '@kubets/shared/api/resources.gen.ts'
import type { StatefulSet } from '@kubets/shared/api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { EventRecorder } from '@kubets/shared/client/events.ts'
import { isAlreadyExists } from '@kubets/shared/machinery/errors.ts'
import { messageOf, namespaceIsGoing } from '../failure.ts'
import { isStale, withOwner } from './claims.ts'
import { claimsOf, ordinalOf } from './identity.ts'

/** The claims of a set's Pods: made before the Pod, kept with the owner that the set's policy says. */
export class Storage {
  readonly #client: Client
  readonly #recorder: EventRecorder
  readonly #find: (namespace: string | undefined, name: string) => PersistentVolumeClaim | undefined

  constructor(
    client: Client,
    recorder: EventRecorder,
    find: (namespace: string | undefined, name: string) => PersistentVolumeClaim | undefined,
  ) {
    this.#client = client
    this.#recorder = recorder
    this.#find = find
  }

  /** Whether a claim of the Pod to be made still goes with an earlier Pod of its name. */
  isStale(set: StatefulSet, pod: Pod): boolean {
    return this.#wanted(set, pod).some(({ there }) => there !== undefined && isStale(pod, there))
  }

  /** Makes the Pod's claims that are missing. Throws when one is on its way out, or cannot be made. */
  // pkg/controller/statefulset/stateful_pod_control.go createPersistentVolumeClaims
  async ensure(set: StatefulSet, pod: Pod, signal: AbortSignal): Promise<void> {
    for (const { claim, there } of this.#wanted(set, pod)) {
      if (there?.metadata.deletionTimestamp !== undefined)
        throw new Error(`pvc ${claim.metadata.name} is being deleted`)
      if (there === undefined) await this.#create(set, pod, withOwner(set, pod, claim) ?? claim, signal)
    }
  }

  /** Gives the Pod's claims the owner they should have. */
  // pkg/controller/statefulset/stateful_pod_control.go UpdatePodClaimForRetentionPolicy
  async own(set: StatefulSet, pod: Pod, signal: AbortSignal): Promise<void> {
    for (const { there } of this.#wanted(set, pod)) {
      const changed = there && withOwner(set, pod, there)
      if (changed) await this.#client.update(ref, changed, { signal })
    }
  }

  #wanted(set: StatefulSet, pod: Pod): { claim: PersistentVolumeClaim; there: PersistentVolumeClaim | undefined }[] {
    return claimsOf(set, ordinalOf(pod)).map(({ claim }) => ({
      claim,
      there: this.#find(set.metadata.namespace, claim.metadata.name ?? ''),
    }))
  }

  // pkg/controller/statefulset/stateful_pod_control.go recordClaimEvent
  async #create(set: StatefulSet, pod: Pod, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
    const { name } = claim.metadata
    const where = `Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
    try {
      await this.#client.create(ref, claim, { signal })
      this.#recorder.event(set, 'Normal', 'SuccessfulCreate', `create Claim ${name} ${where} success`)
    } catch (error) {
      // made before, and not in the cache yet
      if (isAlreadyExists(error)) return
      if (namespaceIsGoing(error)) throw error
      const text = `create Claim ${name} for ${where} failed error: ${messageOf(error)}`
      this.#recorder.event(set, 'Warning', 'FailedCreate', text)
      throw new Error(`failed to create PVC ${name}: ${messageOf(error)}`, { cause: error })
    }
  }
}

import { pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { EventRecorder } from '@kubets/shared/client/events.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { messageOf, namespaceIsGoing } from '../failure.ts'

/** Makes and deletes Pods for an owner, and tells of it on the owner. */
// pkg/controller/controller_utils.go RealPodControl
export class PodControl {
  readonly #client: Client
  readonly #recorder: EventRecorder

  constructor(client: Client, recorder: EventRecorder) {
    this.#client = client
    this.#recorder = recorder
  }

  /** Throws what the server answered; nothing is told where the namespace is on its way out. */
  async create(owner: KubeObject, pod: Pod, signal: AbortSignal): Promise<void> {
    try {
      const created = await this.#client.create(podsRef, pod, { namespace: owner.metadata.namespace, signal })
      this.#recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`)
    } catch (error) {
      if (!namespaceIsGoing(error))
        this.#recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`)
      throw error
    }
  }

  /** Whether the Pod was there to be deleted. Throws an Error with what the server answered. */
  async delete(owner: KubeObject, pod: Pod, signal: AbortSignal): Promise<boolean> {
    const { name = '', namespace, uid } = pod.metadata
    try {
      await this.#client.delete(podsRef, name, { namespace, preconditions: { uid }, signal })
    } catch (error) {
      if (isNotFound(error)) return false
      this.#recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`)
      throw new Error(`unable to delete pods: ${messageOf(error)}`, { cause: error })
    }
    this.#recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
    return true
  }
}

import { claimFinalizer, reservedFor } from '@kubets/shared/api/resource-claims.ts'
import { resourceClaims } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { AllocationResult, ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isConflict } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'

// k8s.io/client-go/util/retry DefaultRetry
const maxTries = 5
const pauseMs = 10

interface ClaimBinderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
}

/** Writes to claims what the scheduler decided. */
export class ClaimBinder {
  readonly #options: ClaimBinderOptions

  constructor(options: ClaimBinderOptions) {
    this.#options = options
  }

  /**
   * Reserves the claim for the Pod, and writes what it gets if it has nothing yet. Others may change it meanwhile.
   * @returns the claim as it is then
   * @throws Error when somebody was faster, or the API refuses
   */
  // pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go bindClaim
  async bind(
    claim: ResourceClaim,
    allocation: AllocationResult | undefined,
    pod: Pod,
    signal: AbortSignal,
  ): Promise<ResourceClaim> {
    const { client, clock } = this.#options
    const { name = '', namespace } = claim.metadata
    let current = claim
    for (let tries = 1; ; tries++) {
      try {
        return await this.#write(current, allocation, pod, signal)
      } catch (error) {
        const { cause } = error as Error
        if (!isConflict(cause) || tries >= maxTries) throw error
      }
      await clock.sleep(pauseMs, signal)
      current = await client
        .get(resourceClaims, name, { namespace, signal })
        .catch(rethrow(`get updated claim ${objectKey(claim)} after conflict`))
    }
  }

  async #write(
    claim: ResourceClaim,
    allocation: AllocationResult | undefined,
    pod: Pod,
    signal: AbortSignal,
  ): Promise<ResourceClaim> {
    const { client, clock } = this.#options
    const key = objectKey(claim)
    if (claim.metadata.deletionTimestamp) throw new Error(`claim ${key} got deleted in the meantime`)
    if (!allocation) {
      return client
        .update(resourceClaims, reservedFor(claim, pod), { subresource: 'status', signal })
        .catch(rethrow(`add reservation to claim ${key}`))
    }
    if (claim.status?.allocation) throw new Error(`claim ${key} got allocated elsewhere in the meantime`)
    const { finalizers = [] } = claim.metadata
    const held = finalizers.includes(claimFinalizer)
      ? claim
      : await client
          .update(
            resourceClaims,
            { ...claim, metadata: { ...claim.metadata, finalizers: [...finalizers, claimFinalizer] } },
            { signal },
          )
          .catch(rethrow(`add finalizer to claim ${key}`))
    const given = { ...allocation, allocationTimestamp: formatTime(clock.now()) }
    const next = reservedFor({ ...held, status: { ...held.status, allocation: given } }, pod)
    return client
      .update(resourceClaims, next, { subresource: 'status', signal })
      .catch(rethrow(`add allocation and reservation to claim ${key}`))
  }

  /** Takes the Pod off those that the claim is reserved for; never rejects. */
  // pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go Unreserve
  async release({ metadata }: ResourceClaim, pod: Pod): Promise<void> {
    const { client, log } = this.#options
    const { name = '', namespace, uid } = metadata
    const body = { metadata: { uid }, status: { reservedFor: [{ $patch: 'delete', uid: pod.metadata.uid }] } }
    await client
      .patch(resourceClaims, name, body, { type: 'strategic', namespace, subresource: 'status' })
      // the next attempt comes here again
      .catch((error: unknown) => log.warn({ err: error, claim: objectKey({ metadata }) }, 'unreserving a claim failed'))
  }

  /** Takes from the claim what it has; never rejects. */
  // pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go PostFilter
  async deallocate(claim: ResourceClaim): Promise<void> {
    const { client, log } = this.#options
    const { allocation: _, reservedFor: _users, devices: _devices, ...status } = claim.status ?? {}
    await client
      .update(resourceClaims, { ...claim, status }, { subresource: 'status' })
      .catch((error: unknown) => log.warn({ err: error, claim: objectKey(claim) }, 'deallocating a claim failed'))
  }
}

const rethrow =
  (what: string) =>
  (error: unknown): never => {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }

import type { AllocationResult, ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { Changes } from '../changes.ts'
import { AllocatedDevices, type Allocated } from './allocated-devices.ts'

/**
 * Claims as the API has them, with what this scheduler has written since and is about to write: no two claims get one
 * device, and nobody uses a claim before the API knows what it has.
 */
// pkg/scheduler/framework/plugins/dynamicresources/dra_manager.go claimTracker
export class TrackedClaims {
  readonly #fromApi: (key: string) => ResourceClaim | undefined
  readonly #written = new Map<string, ResourceClaim>()
  /** What claims get while that is being written, by uid. */
  readonly #pending = new Map<string, AllocationResult>()
  readonly #allocated = new AllocatedDevices()
  /** What becomes of claims, for who waits for it. */
  readonly changes = new Changes()

  constructor(fromApi: (key: string) => ResourceClaim | undefined) {
    this.#fromApi = fromApi
  }

  get allocated(): Allocated {
    return this.#allocated
  }

  /** The newest that is known of the claim; what is being written is not in it. */
  claim(key: string): ResourceClaim | undefined {
    const known = this.#fromApi(key)
    const written = this.#written.get(key)
    if (!written) return known
    if (known && isOlder(known, written)) return written
    this.#written.delete(key)
    return known
  }

  /** The API says something new of the claim. */
  changed(claim: ResourceClaim): void {
    this.#count(this.claim(objectKey(claim)) ?? claim)
    this.changes.tell()
  }

  /** The API has the claim no more. */
  removed(claim: ResourceClaim): void {
    this.#written.delete(objectKey(claim))
    this.#allocated.set(uidOf(claim), undefined)
    this.changes.tell()
  }

  isPending(claim: ResourceClaim): boolean {
    return this.#pending.has(uidOf(claim))
  }

  /** The claim is about to get this. */
  begin(claim: ResourceClaim, allocation: AllocationResult): void {
    this.#pending.set(uidOf(claim), allocation)
    this.#allocated.set(uidOf(claim), allocation)
  }

  /**
   * It has it, or not.
   * @param written the claim as the API took it
   */
  end(claim: ResourceClaim, written?: ResourceClaim): void {
    if (written) this.#written.set(objectKey(written), written)
    this.#pending.delete(uidOf(claim))
    const now = this.claim(objectKey(claim))
    if (now?.metadata.uid === claim.metadata.uid && now) this.#count(now)
    else this.#allocated.set(uidOf(claim), undefined)
  }

  #count(claim: ResourceClaim): void {
    if (!this.isPending(claim)) this.#allocated.set(uidOf(claim), claim.status?.allocation)
  }
}

const uidOf = ({ metadata }: ResourceClaim): string => metadata.uid ?? ''

const isOlder = (known: ResourceClaim, written: ResourceClaim): boolean =>
  known.metadata.uid === written.metadata.uid &&
  BigInt(known.metadata.resourceVersion ?? '0') < BigInt(written.metadata.resourceVersion ?? '0')

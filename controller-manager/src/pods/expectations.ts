/** After this long an unmet expectation no longer counts. */
export const expectationLapseMs = 5 * 60 * 1000

interface Expected {
  creations: number
  /** Keys of the Pods asked to go and not yet seen going. */
  deletions: Set<string>
  since: number
}

/**
 * Remembers which of a controller's own writes its cache has not shown yet, so that a reconcile on a stale cache does
 * not create or delete twice. An expectation that no event ever meets lapses after five minutes.
 */
// pkg/controller/controller_utils.go UIDTrackingControllerExpectations
export class Expectations {
  readonly #now: () => number
  readonly #expected = new Map<string, Expected>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** True when the owner's cache is known to hold everything written for it. */
  satisfied(owner: string): boolean {
    const expected = this.#expected.get(owner)
    if (!expected) return true
    if (expected.creations <= 0 && expected.deletions.size === 0) return true
    return this.#now() - expected.since >= expectationLapseMs
  }

  expectCreations(owner: string, count: number): void {
    this.expect(owner, count, [])
  }

  expectDeletions(owner: string, keys: readonly string[]): void {
    this.expect(owner, 0, keys)
  }

  /** Both at once. */
  expect(owner: string, creations: number, deletions: readonly string[]): void {
    this.#expected.set(owner, { creations, deletions: new Set(deletions), since: this.#now() })
  }

  /** A creation was seen, or is known to have failed. */
  creationSeen(owner: string, count = 1): void {
    const expected = this.#expected.get(owner)
    if (expected) expected.creations -= count
  }

  /** A deletion was seen, or is known to have failed. */
  deletionSeen(owner: string, key: string): void {
    this.#expected.get(owner)?.deletions.delete(key)
  }

  forget(owner: string): void {
    this.#expected.delete(owner)
  }
}

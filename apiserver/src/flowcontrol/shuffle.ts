import { createHash } from 'node:crypto'

/** The number that decides which queues a flow may use. */
// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go hashFlowID
export function flowHash(schema: string, distinguisher: string): bigint {
  return createHash('sha256').update(`${schema},${distinguisher}`).digest().readBigUInt64LE()
}

/** Deals a hand of distinct cards out of a deck: the same hash gets the same hand, two hashes seldom share all cards. */
// staging/src/k8s.io/apiserver/pkg/util/shufflesharding/shufflesharding.go Dealer.Deal
export function deal(hash: bigint, deckSize: number, handSize: number): number[] {
  const remainders: number[] = []
  let rest = hash
  for (let i = 0; i < handSize; i++) {
    const size = BigInt(deckSize - i)
    remainders.push(Number(rest % size))
    rest /= size
  }
  return remainders.map((remainder, i) => {
    let card = remainder
    for (let j = i; j > 0; j--) if (card >= (remainders[j - 1] ?? 0)) card++
    return card
  })
}

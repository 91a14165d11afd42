import type { Observed } from './utilization.ts'

/** The seats of a priority level, from its configuration. */
export interface Limits {
  nominal: number
  lower: number
  upper: number
}

export interface Shares {
  shares: number
  lendablePercent: number
  /** Unset: it may borrow all that others lend. */
  borrowingLimitPercent?: number
}

/** How the seats of the whole server are divided by shares, in the order given. */
// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go finishQueueSetReconfigsLocked
export function nominalLimits(levels: readonly Shares[], seats: number): Limits[] {
  const sum = levels.reduce((total, { shares }) => total + shares, 0)
  return levels.map(({ shares, lendablePercent, borrowingLimitPercent }) => {
    const nominal = sum === 0 ? 0 : Math.ceil((seats * shares) / sum)
    const lendable = Math.round((nominal * lendablePercent) / 100)
    const borrowable = borrowingLimitPercent === undefined ? seats : Math.round((nominal * borrowingLimitPercent) / 100)
    return { nominal, lower: nominal - lendable, upper: nominal + borrowable }
  })
}

// apf_controller.go seatDemandSmoothingCoefficient: with one step in ten seconds, half is forgotten in five minutes
const smoothing = 0.977

export interface Demand {
  /** The most seats wanted in the last period. */
  peak: number
  /** Over the time of the last period. */
  average: number
  deviation: number
  smoothed: number
}

export const noDemand: Demand = { peak: 0, average: 0, deviation: 0, smoothed: 0 }

/** Demand goes up at once and down slowly. */
// apf_controller.go seatDemandStats.update
export function withObserved(demand: Demand, { seconds, peak, average, deviation }: Observed): Demand {
  if (seconds <= 0) return { ...demand, peak }
  const envelope = average + deviation
  const smoothed = Math.max(envelope, smoothing * demand.smoothed + (1 - smoothing) * envelope)
  return { peak, average, deviation, smoothed }
}

/** How the seats are divided for a time. */
export interface Allocation {
  /** Of each level, in the order given. */
  limits: number[]
  targets: number[]
  /** What part of its target a level has that its limits do not hold back; 0: all have what they need at least. */
  fairFraction: number
}

/**
 * The seats each level has for the next period: none less than it needs now up to its nominal limit, the rest in
 * proportion to demand, within the limits, so that all seats are given out.
 */
// apf_controller.go updateBorrowingLocked, conc_alloc.go computeConcurrencyAllocation
export function allocate(
  levels: readonly { limits: Limits; demand: Pick<Demand, 'peak' | 'smoothed'> }[],
  seats: number,
): Allocation {
  const classes = levels.map(({ limits, demand }) => {
    const lower = Math.max(limits.lower, Math.min(limits.nominal, demand.peak))
    return { lower, upper: Math.max(limits.upper, lower), target: Math.max(lower, demand.smoothed, 0.001) }
  })
  const needed = classes.reduce((total, { lower }) => total + lower, 0)
  const targets = classes.map(({ target }) => target)
  if (needed >= seats) {
    const limits = classes.map(({ lower }) => Math.max(1, Math.round((lower * seats) / needed)))
    return { limits, targets, fairFraction: 0 }
  }
  const at = (factor: number): number[] =>
    classes.map(({ lower, upper, target }) => Math.min(Math.max(target * factor, lower), upper))
  const sum = (list: readonly number[]): number => list.reduce((total, one) => total + one, 0)
  // the sum grows with the factor: it is found by halving
  let low = 0
  let high = 1
  while (sum(at(high)) < seats && high < 2 ** 40) high *= 2
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (sum(at(middle)) < seats) low = middle
    else high = middle
  }
  return { limits: at(high).map((value) => Math.max(1, Math.round(value))), targets, fairFraction: high }
}

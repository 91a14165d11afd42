import { describe, expect, it } from 'vitest'
import { TimingHistogram } from './timing-histogram.ts'
import { Integrator, Utilization } from './utilization.ts'

describe('a histogram over time', () => {
  it('counts nanoseconds at or below each bound', () => {
    const histogram = new TimingHistogram([0, 0.5, 1])
    histogram.add(2, 0)
    histogram.add(1, 0.3)
    histogram.add(1, 0.5)
    histogram.add(0.5, 3)
    expect(histogram.get()).toEqual({
      buckets: [
        [0, 2e9],
        [0.5, 4e9],
        [1, 4e9],
        ['+Inf', 4.5e9],
      ],
      sum: 0.8e9 + 1.5e9,
      count: 4.5e9,
    })
  })
})

describe('utilization', () => {
  it('is told as parts of what a level has', () => {
    const level = new Utilization()
    level.add(1, { demand: 12, seatsInUse: 4, executing: 2, waiting: 8, limit: 4, capacity: 80 })
    const { demand, seats, executing, waiting } = level
    expect([demand, seats, executing, waiting].map((histogram) => histogram.get().sum / 1e9)).toEqual([3, 1, 0.5, 0.1])
    // a level without queues has nobody waiting
    level.add(1, { demand: 0, seatsInUse: 0, executing: 0, waiting: 0, limit: 4, capacity: 0 })
    expect(waiting.get().sum).toBe(0.1e9)
  })
})

describe('an integrator', () => {
  it('says the peak, the average and the deviation of each period', () => {
    const integrator = new Integrator()
    integrator.reached(3)
    integrator.add(1, 3)
    integrator.add(1, 1)
    expect(integrator.take(1)).toEqual({ seconds: 2, peak: 3, average: 2, deviation: 1 })
    expect(integrator.take(0)).toEqual({ seconds: 0, peak: 1, average: 0, deviation: 0 })
  })
})

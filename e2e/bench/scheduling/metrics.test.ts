import { describe, expect, it } from 'vitest'
import { counterOf, quantileOf } from './metrics.ts'

const text = `# HELP seconds How long
seconds_bucket{le="0.1"} 50
seconds_bucket{le="0.2"} 90
seconds_bucket{le="+Inf"} 100
seconds_count 100
total{result="ok",profile="x"} 5
total{result="error"} 2
total_of_others 9
plain 3
`

describe('figures of /metrics', () => {
  it.each([
    [0.5, 0.1],
    [0.7, 0.15],
    [0.99, 0.2],
  ])('quantile %d', (quantile, want) => {
    expect(quantileOf(text, 'seconds', quantile)).toBeCloseTo(want)
  })

  it('has no quantile of what is not there', () => {
    expect(quantileOf(text, 'minutes', 0.5)).toBeNaN()
  })

  it.each([
    ['total', 7],
    ['plain', 3],
    ['none', 0],
  ])('counter %s', (name, want) => {
    expect(counterOf(text, name)).toBe(want)
  })
})

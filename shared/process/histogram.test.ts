import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { Buckets, BucketsByLabels, registerHistogram } from './histogram.ts'

it.each<[what: string, counted: [value: number, weight?: number][], buckets: unknown[], sum: number]>([
  ['nothing', [], [0, 0, 0], 0],
  ['what is at a bound is below it', [[1], [2]], [1, 2, 2], 3],
  ['what is above all bounds counts in the total alone', [[3], [0]], [1, 1, 2], 3],
  [
    'a value counts as much as it weighs',
    [
      [0.5, 4],
      [1.5, 2],
    ],
    [4, 6, 6],
    5,
  ],
])('%s', (_what, counted, want, sum) => {
  const buckets = new Buckets([1, 2])
  for (const [value, weight] of counted) buckets.count(value, weight)
  const got = buckets.get()
  expect(got.buckets.map(([, count]) => count)).toEqual(want)
  expect([got.sum, got.count]).toEqual([sum, want[2]])
})

it('is written as prom-client writes histograms', async () => {
  const register = new Registry()
  const seconds = new BucketsByLabels(['plugin', 'status'], [0.1])
  registerHistogram(register, { name: 'seconds', help: 'How long.', series: () => seconds.series() })
  seconds.of('Fit', 'Success').count(0.5)
  seconds.of('Fit', 'Skip').count(0.1)
  seconds.of('Fit', 'Success').count(0.25)
  expect((await register.metrics()).trim().split('\n')).toEqual([
    '# HELP seconds How long.',
    '# TYPE seconds histogram',
    'seconds_bucket{plugin="Fit",status="Success",le="0.1"} 0',
    'seconds_bucket{plugin="Fit",status="Success",le="+Inf"} 2',
    'seconds_sum{plugin="Fit",status="Success"} 0.75',
    'seconds_count{plugin="Fit",status="Success"} 2',
    'seconds_bucket{plugin="Fit",status="Skip",le="0.1"} 1',
    'seconds_bucket{plugin="Fit",status="Skip",le="+Inf"} 1',
    'seconds_sum{plugin="Fit",status="Skip"} 0.1',
    'seconds_count{plugin="Fit",status="Skip"} 1',
  ])
})

import { describe, expect, it } from 'vitest'
import { ReadWriteRequests } from './read-write.ts'

describe('requests that read and write', () => {
  it('are counted over time, by phase and by what they do', () => {
    const requests = new ReadWriteRequests()
    requests.change('executing', 'list', 1, 5000)
    requests.change('waiting', 'patch', 1, 6000)
    requests.change('executing', 'watch', 1, 6000)
    requests.change('executing', 'list', -1, 6500)
    requests.change('waiting', 'patch', -1, 8000)
    const seen = requests.series(9000).map(({ labels, count, histogram }) => {
      const { sum, count: nanoseconds } = histogram.get()
      return [labels.phase, labels.request_kind, count, sum / 1e9, nanoseconds / 1e9]
    })
    expect(seen).toEqual([
      ['waiting', 'readOnly', 0, 0, 4],
      ['waiting', 'mutating', 0, 2, 4],
      ['executing', 'readOnly', 1, 1 + 1 + 2.5, 4],
      ['executing', 'mutating', 0, 0, 4],
    ])
  })
})

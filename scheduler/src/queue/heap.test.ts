import { describe, expect, it } from 'vitest'
import { Heap } from './heap.ts'

const heap = (values: number[]): Heap<{ key: string; value: number }> => {
  const result = new Heap<{ key: string; value: number }>(
    (item) => item.key,
    (a, b) => a.value < b.value,
  )
  values.forEach((value, i) => result.put({ key: `k${i}`, value }))
  return result
}
const drain = (from: ReturnType<typeof heap>): number[] => {
  const values: number[] = []
  for (let item = from.pop(); item; item = from.pop()) values.push(item.value)
  return values
}

describe('Heap', () => {
  const values = Array.from({ length: 200 }, (_, i) => (i * 7919) % 211)
  const sorted = (list: number[]): number[] => list.toSorted((a, b) => a - b)

  it('gives items in order', () => {
    expect(drain(heap(values))).toEqual(sorted(values))
  })

  it('stays in order when items leave from the middle', () => {
    const h = heap(values)
    for (let i = 0; i < values.length; i += 3) h.delete(`k${i}`)
    expect(drain(h)).toEqual(sorted(values.filter((_, i) => i % 3 !== 0)))
  })

  it('moves an item whose value changes', () => {
    const h = heap([5, 6, 7])
    h.put({ key: 'k2', value: 1 })
    h.put({ key: 'k0', value: 9 })
    expect(h.size).toBe(3)
    expect(drain(h)).toEqual([1, 6, 9])
  })
})

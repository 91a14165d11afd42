/** Indexes of an Indexed Job as intervals, both ends included, in order and apart. */
export type Indexes = readonly (readonly [first: number, last: number])[]

/** Reads "1,3-5,7"; what is not below `completions`, or cannot be read, is left out. */
// pkg/controller/job/indexed_job_utils.go parseIndexesFromString
export const parseIndexes = (text: string | undefined, completions: number): Indexes => {
  const found: [number, number][] = []
  for (const part of (text ?? '').split(',')) {
    const [first, last = first] = part.split('-').map((digits) => (/^\d+$/.test(digits) ? Number(digits) : NaN))
    if (first === undefined || last === undefined || Number.isNaN(first + last)) continue
    if (first < completions) found.push([first, Math.min(last, completions - 1)])
  }
  return merged(found)
}

/** As status shows them: two neighbours apart, three as an interval. */
export const formatIndexes = (indexes: Indexes): string =>
  indexes
    .map(([first, last]) => (last === first ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`))
    .join(',')

export const countOf = (indexes: Indexes): number => indexes.reduce((sum, [first, last]) => sum + last - first + 1, 0)

export const hasIndex = (indexes: Indexes, index: number): boolean =>
  indexes.some(([first, last]) => first <= index && index <= last)

export const withIndexes = (indexes: Indexes, more: Iterable<number>): Indexes =>
  merged([...indexes, ...[...more].map((index) => [index, index] as const)])

export const union = (a: Indexes, b: Indexes): Indexes => merged([...a, ...b])

/** How many indexes are in both. */
export const common = (a: Indexes, b: Indexes): number => {
  let count = 0
  for (const [first, last] of a)
    for (const [otherFirst, otherLast] of b)
      count += Math.max(0, Math.min(last, otherLast) - Math.max(first, otherFirst) + 1)
  return count
}

/** The first `count` indexes below `completions` that are not taken. */
// pkg/controller/job/indexed_job_utils.go firstPendingIndexes
export const firstFree = (taken: Indexes, count: number, completions: number): number[] => {
  const free: number[] = []
  let candidate = 0
  for (const [first, last] of [...taken, [completions, completions] as const]) {
    for (; candidate < Math.min(first, completions) && free.length < count; candidate++) free.push(candidate)
    candidate = Math.max(candidate, last + 1)
  }
  return free
}

const merged = (intervals: readonly (readonly [number, number])[]): Indexes => {
  const result: [number, number][] = []
  for (const [first, last] of [...intervals].sort((a, b) => a[0] - b[0])) {
    const end = result.at(-1)
    if (end && first <= end[1] + 1) end[1] = Math.max(end[1], last)
    else result.push([first, last])
  }
  return result
}

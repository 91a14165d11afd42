// Sets of CPUs as Linux writes them: 0-2,4. k8s.io/utils/cpuset/cpuset.go

export type CpuSet = ReadonlySet<number>

const limit = 65_536

/** Reads "0-2,4". Throws an Error when that is no such list. */
export function parseCpuSet(text: string): CpuSet {
  const found = new Set<number>()
  if (text === '') return found
  for (const part of text.split(',')) {
    const [, first = '', last = first] = /^\s*(\d{1,6})(?:-(\d{1,6}))?\s*$/.exec(part) ?? []
    if (first === '') throw new Error(`strconv.Atoi: parsing ${JSON.stringify(part)}: invalid syntax`)
    const [from, to] = [Number(first), Number(last)]
    if (from > to) throw new Error(`invalid range ${JSON.stringify(part)} (${from} > ${to})`)
    if (to >= limit) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(part)}: value out of range`)
    for (let cpu = from; cpu <= to; cpu++) found.add(cpu)
  }
  return found
}

/** Its CPUs, lowest first. */
export const sortedCpus = (set: CpuSet): number[] => [...set].sort((a, b) => a - b)

/** Writes "0-2,4". */
export function cpuSetText(set: CpuSet): string {
  const ranges: { from: number; to: number }[] = []
  for (const cpu of sortedCpus(set)) {
    const last = ranges.at(-1)
    if (last?.to === cpu - 1) last.to = cpu
    else ranges.push({ from: cpu, to: cpu })
  }
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(',')
}

export const sameCpus = (a: CpuSet, b: CpuSet): boolean => a.size === b.size && a.isSubsetOf(b)

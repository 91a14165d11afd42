/** The first index from `from` on for which `reached` holds; it must hold for all after that too. */
export function lowerBoundBy<T>(items: readonly T[], from: number, reached: (item: T) => boolean): number {
  let low = from
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (reached(items[middle] as T)) high = middle
    else low = middle + 1
  }
  return low
}

/** The text of a program's /metrics. */
export async function scrape(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${String(port)}/metrics`, { signal: AbortSignal.timeout(30_000) })
  return answer.text()
}

/** The sum of a counter over all its labels. */
export function counterOf(text: string, name: string): number {
  let sum = 0
  for (const [, value] of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))) sum += Number(value)
  return sum
}

/** A quantile of a histogram without labels, in the way of Prometheus' histogram_quantile; NaN when it is empty. */
export function quantileOf(text: string, name: string, quantile: number): number {
  const buckets = [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)$`, 'gm'))]
    .map(([, le, count]) => ({ le: le === '+Inf' ? Infinity : Number(le), count: Number(count) }))
    .sort((a, b) => a.le - b.le)
  const total = buckets.at(-1)?.count ?? 0
  if (total === 0) return NaN
  const rank = quantile * total
  const at = buckets.findIndex(({ count }) => count >= rank)
  const [below, found] = [buckets[at - 1] ?? { le: 0, count: 0 }, buckets[at]]
  if (!found) return NaN
  if (found.le === Infinity) return below.le
  return below.le + ((found.le - below.le) * (rank - below.count)) / (found.count - below.count)
}

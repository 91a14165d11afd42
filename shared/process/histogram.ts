import type { Histogram, Registry } from 'prom-client'

/** How much was at or below each bound. */
export class Buckets {
  readonly bounds: readonly number[]
  readonly #weights: number[]
  #weight = 0
  #sum = 0

  /** @param bounds ascending */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#weights = bounds.map(() => 0)
  }

  /** Takes a value, as many times as it weighs. */
  count(value: number, weight = 1): void {
    const { bounds } = this
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++
    if (bucket < bounds.length) this.#weights[bucket] = (this.#weights[bucket] ?? 0) + weight
    this.#weight += weight
    this.#sum += weight * value
  }

  /** Bounds with what is at or below them, +Inf last, and the totals. */
  get(): { buckets: [bound: number | '+Inf', count: number][]; sum: number; count: number } {
    let below = 0
    const buckets = this.bounds.map((bound, i): [number | '+Inf', number] => {
      below += this.#weights[i] ?? 0
      return [bound, Math.round(below)]
    })
    const count = Math.round(this.#weight)
    return { buckets: [...buckets, ['+Inf', count]], sum: this.#sum, count }
  }
}

interface HistogramOptions {
  readonly name: string
  readonly help: string
  /** What there is at present. */
  readonly series: () => Iterable<readonly [labels: object, Buckets]>
}

/**
 * Registers a histogram that is counted by its owner: prom-client's own takes events one by one, and spends a
 * microsecond on the labels of each.
 */
export function registerHistogram(register: Registry, { name, help, series }: HistogramOptions): void {
  const get = (): object => {
    const values = [...series()].flatMap(([labels, numbers]) => {
      const { buckets, sum, count } = numbers.get()
      return [
        ...buckets.map(([le, value]) => ({ metricName: `${name}_bucket`, labels: { ...labels, le }, value })),
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ]
    })
    return { name, help, type: 'histogram', values, aggregator: 'sum' }
  }
  register.registerMetric({ name, get, reset: () => undefined } as unknown as Histogram)
}

/** Buckets by the values of some labels, made as they are needed. */
export class BucketsByLabels {
  readonly #names: readonly string[]
  readonly #bounds: readonly number[]
  /** A level for each label. */
  readonly #root: Level = { below: new Map(), labels: {}, buckets: undefined }

  constructor(names: readonly string[], bounds: readonly number[]) {
    this.#names = names
    this.#bounds = bounds
  }

  /** The buckets for these values of the labels, in the order of their names. */
  of(...values: readonly string[]): Buckets {
    let level = this.#root
    for (let i = 0; i < values.length; i++) level = this.#below(level, i, values[i] ?? '')
    return (level.buckets ??= new Buckets(this.#bounds))
  }

  #below(level: Level, index: number, value: string): Level {
    const known = level.below.get(value)
    if (known) return known
    const labels = { ...level.labels, [this.#names[index] ?? '']: value }
    const fresh = { below: new Map<string, Level>(), labels, buckets: undefined }
    level.below.set(value, fresh)
    return fresh
  }

  series(): [labels: object, Buckets][] {
    return seriesBelow(this.#root)
  }
}

interface Level {
  readonly below: Map<string, Level>
  readonly labels: Readonly<Record<string, string>>
  buckets: Buckets | undefined
}

function seriesBelow({ below, labels, buckets }: Level): [labels: object, Buckets][] {
  const own: [labels: object, Buckets][] = buckets ? [[labels, buckets]] : []
  return [...own, ...[...below.values()].flatMap(seriesBelow)]
}

import { Counter, Histogram, type CounterConfiguration, type HistogramConfiguration, type Registry } from 'prom-client'

// A manager that leads again starts its controllers again, and goes on counting.

/** A counter that the registry shows, made when it is first asked for. */
export const counterIn = <T extends string>(registry: Registry, config: CounterConfiguration<T>): Counter<T> =>
  (registry.getSingleMetric(config.name) as Counter<T> | undefined) ?? new Counter({ ...config, registers: [registry] })

/** A histogram likewise. */
export const histogramIn = <T extends string>(registry: Registry, config: HistogramConfiguration<T>): Histogram<T> =>
  (registry.getSingleMetric(config.name) as Histogram<T> | undefined) ??
  new Histogram({ ...config, registers: [registry] })

/** `count` bounds, each twice the one before. */
// component-base/metrics/buckets.go ExponentialBuckets
export const doubling = (start: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => start * 2 ** i)

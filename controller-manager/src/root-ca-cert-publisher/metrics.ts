import type { Registry } from 'prom-client'
import { StatusError } from '@kubets/shared/machinery/errors.ts'
import { counterIn, doubling, histogramIn } from '../registered.ts'

const labelNames = ['code'] as const

/** The HTTP code a look at a namespace is counted under. */
// pkg/controller/certificates/rootcacertpublisher/metrics.go recordMetrics
export const codeOf = (error: unknown): string => {
  if (error === undefined) return '200'
  return error instanceof StatusError ? String(error.code) : '500'
}

/** What is counted of looks at namespaces, under upstream's names. */
export const publisherMetrics = (registry: Registry) => {
  const syncs = counterIn(registry, {
    name: 'root_ca_cert_publisher_sync_total',
    help: 'Number of namespace syncs happened in root ca cert publisher.',
    labelNames,
  })
  const latency = histogramIn(registry, {
    name: 'root_ca_cert_publisher_sync_duration_seconds',
    help: 'Number of namespace syncs happened in root ca cert publisher.',
    labelNames,
    buckets: doubling(0.001, 15),
  })
  return {
    synced: (seconds: number, error: unknown): void => {
      const code = codeOf(error)
      syncs.inc({ code })
      latency.observe({ code }, seconds)
    },
  }
}

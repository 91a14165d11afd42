import { Counter, Histogram, type Registry } from 'prom-client'
import type { Operation } from '../../registry/types.ts'

/** What one call came to. */
export interface Outcome {
  name: string
  type: 'admit' | 'validating'
  operation: Operation
  seconds: number
  code: number
  /** Why the request was refused; undefined when this call did not refuse it. */
  rejection?: 'calling_webhook_error' | 'apiserver_internal_error' | 'no_error'
  failedOpen: boolean
}

export type ObserveCall = (outcome: Outcome) => void

// apiserver/pkg/admission/metrics/metrics.go newAdmissionMetrics
/** Metrics of webhook calls, with upstream's names and labels. */
export function createCallMetrics(register: Registry): ObserveCall {
  const registers = [register]
  const labels = ['name', 'type', 'operation']
  const durations = new Histogram({
    name: 'apiserver_admission_webhook_admission_duration_seconds',
    help: 'Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
    labelNames: [...labels, 'rejected'],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25],
    registers,
  })
  const rejections = new Counter({
    name: 'apiserver_admission_webhook_rejection_count',
    help: 'Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) and operation. Additional labels specify an error type (calling_webhook_error or apiserver_internal_error if an error occurred; no_error otherwise) and optionally a non-zero rejection code if the webhook rejects the request with an HTTP status code (honored by the apiserver when the code is greater or equal to 400). Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.',
    labelNames: [...labels, 'error_type', 'rejection_code'],
    registers,
  })
  const requests = new Counter({
    name: 'apiserver_admission_webhook_request_total',
    help: 'Admission webhook request total, identified by name and broken out for each admission type (validating or mutating) and operation. Additional labels specify whether the request was rejected or not and an HTTP status code. Codes greater than 600 are truncated to 600, to keep the metrics cardinality bounded.',
    labelNames: [...labels, 'code', 'rejected'],
    registers,
  })
  const failedOpen = new Counter({
    name: 'apiserver_admission_webhook_fail_open_count',
    help: 'Admission webhook fail open count, identified by name and broken out for each admission type (validating or mutating).',
    labelNames: ['name', 'type'],
    registers,
  })
  return ({ name, type, operation, seconds, code, rejection, failedOpen: open }) => {
    const rejected = String(rejection !== undefined)
    const about = { name, type, operation }
    durations.observe({ ...about, rejected }, seconds)
    requests.inc({ ...about, code: String(Math.min(code, 600)), rejected })
    if (rejection !== undefined) {
      rejections.inc({ ...about, error_type: rejection, rejection_code: String(Math.min(code, 600)) })
    }
    if (open) failedOpen.inc({ name, type })
  }
}

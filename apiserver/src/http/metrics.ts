import { BucketsByLabels, registerHistogram } from '@kubets/shared/process/histogram.ts'
import { createRegistry } from '@kubets/shared/process/metrics.ts'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { RequestInfo } from './request-info.ts'

export interface Metrics {
  finished(info: RequestInfo, method: string, code: number, seconds: number, longRunning: boolean): void
  inFlight: { readonly: number; mutating: number }
  longRunning(info: RequestInfo, change: 1 | -1): void
  /** Where others add metrics of theirs. */
  readonly register: Registry
  /** The page and its content type. */
  page(): Promise<{ text: string; contentType: string }>
}

// staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go
/** The apiserver's metrics, with upstream's names and labels. */
export function createMetrics(version: string): Metrics {
  const register = createRegistry()
  const registers = [register]
  const resourceLabels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component']
  const requests = new Counter({
    name: 'apiserver_request_total',
    help: 'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
    labelNames: [...resourceLabels, 'code'],
    registers,
  })
  const durations = new BucketsByLabels(
    resourceLabels,
    [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60],
  )
  registerHistogram(register, {
    name: 'apiserver_request_duration_seconds',
    help: 'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
    series: () => durations.series(),
  })
  const lasting = new Gauge({
    name: 'apiserver_longrunning_requests',
    help: 'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
    labelNames: resourceLabels,
    registers,
  })
  const inFlight = { readonly: 0, mutating: 0 }
  new Gauge({
    name: 'apiserver_current_inflight_requests',
    help: 'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
    labelNames: ['request_kind'],
    registers,
    collect() {
      this.set({ request_kind: 'readOnly' }, inFlight.readonly)
      this.set({ request_kind: 'mutating' }, inFlight.mutating)
    },
  })
  new Gauge({
    name: 'kubernetes_build_info',
    help: "A metric with a constant '1' value labeled by major, minor, git version and platform from which Kubernetes was built.",
    labelNames: ['git_version', 'platform'],
    registers,
  }).set({ git_version: version, platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}` }, 1)

  return {
    inFlight,
    register,
    finished(info, method, code, seconds, longRunning) {
      const labels = labelsOf(info, method)
      requests.inc({ ...labels, code: String(code) })
      if (!longRunning) durations.of(...resourceLabels.map((name) => labels[name] ?? '')).count(seconds)
    },
    longRunning: (info, change) => lasting.inc(labelsOf(info, 'GET'), change),
    page: async () => ({ text: await register.metrics(), contentType: register.contentType }),
  }
}

/** Only words of our own become labels: a client must not be able to make up time series. */
function labelsOf(info: RequestInfo, method: string): Record<string, string> {
  const scope = !info.isResourceRequest
    ? ''
    : info.name !== ''
      ? 'resource'
      : info.namespace !== ''
        ? 'namespace'
        : 'cluster'
  return {
    verb: info.isResourceRequest ? (verbs[info.verb] ?? method) : method,
    group: info.apiGroup,
    version: info.apiVersion,
    resource: info.resource,
    subresource: info.isResourceRequest ? info.subresource : (info.path.split('/')[1] ?? ''),
    scope,
    component: 'apiserver',
  }
}

const verbs: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
}

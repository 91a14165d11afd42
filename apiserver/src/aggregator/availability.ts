import type { APIService, APIServiceCondition } from '@kubets/shared/api/types/apiregistration-v1.ts'
import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'

export type Verdict = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>

export const passed: Verdict = { status: 'True', reason: 'Passed', message: 'all checks passed' }

export const failedDiscovery = (message: string): Verdict => ({
  status: 'False',
  reason: 'FailedDiscoveryCheck',
  message,
})

/**
 * What can be said of an APIService that names a service without asking it; undefined: all is there, ask it. `slices` are
 * those of the service.
 */
// kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go sync
export function judge(
  apiService: APIService,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Verdict | undefined {
  const { name = '', namespace = '', port = 443 } = apiService.spec.service ?? {}
  const no = (reason: string, message: string): Verdict => ({ status: 'False', reason, message })
  const where = `service/${name} in ${quote(namespace)}`
  if (service === undefined) return no('ServiceNotFound', `${where} is not present`)
  if ((service.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined
  const found = service.spec?.ports?.find((one) => one.port === port)
  if (found === undefined) return no('ServicePortError', `${where} is not listening on port ${port}`)
  if (slices.length === 0) return no('EndpointsNotFound', `cannot find endpointslices for ${where}`)
  const portName = found.name ?? ''
  if (slices.some((slice) => hasReadyEndpoint(slice, portName))) return undefined
  return no('MissingEndpoints', `endpointslices for ${where} have no addresses with port name ${quote(portName)}`)
}

const hasReadyEndpoint = ({ endpoints, ports }: EndpointSlice, portName: string): boolean =>
  (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false) &&
  (ports ?? []).some(({ name, port }) => (name ?? '') === portName && port !== undefined)

export const isAvailable = ({ status }: APIService): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') ?? false

/** The conditions with this verdict; undefined when they say so already. `now` is a timestamp of the API. */
// kube-aggregator/pkg/apis/apiregistration/v1/helper/helpers.go SetAPIServiceCondition
export function withVerdict({ status }: APIService, verdict: Verdict, now: string): APIServiceCondition[] | undefined {
  const conditions = status?.conditions ?? []
  const old = conditions.find(({ type }) => type === 'Available')
  const same = old?.status === verdict.status
  if (same && old.reason === verdict.reason && old.message === verdict.message) return undefined
  const next: APIServiceCondition = {
    type: 'Available',
    lastTransitionTime: same ? (old.lastTransitionTime ?? now) : now,
    ...verdict,
  }
  return old === undefined ? [...conditions, next] : conditions.map((one) => (one === old ? next : one))
}

import { randomUUID } from 'node:crypto'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { StatusError } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { AdmissionRequest } from '../../registry/types.ts'
import type { HookClients } from '../../webhook/client.ts'
import type { Hook } from './hooks.ts'
import type { ObserveCall, Outcome } from './metrics.ts'
import { CallError, dryRunUnsupported, failClosed, rejection, Rejection } from './refusals.ts'
import { createReview, readReview, reviewVersion, UndecodableError, type Invocation, type Verdict } from './review.ts'

const defaultTimeoutSeconds = 10

export interface Calls {
  clients: HookClients
  clock: Clock
  log: Logger
  observe: ObserveCall
}

/** What a webhook answers. Rejects with a Rejection when it says no, a CallError when it could not be asked. */
// apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go callAttrMutatingHook
export async function callWebhook(
  { webhook }: Hook,
  mutating: boolean,
  request: AdmissionRequest,
  invocation: Invocation,
  clients: HookClients,
): Promise<Verdict> {
  const { name } = webhook
  if (request.dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun') {
    throw dryRunUnsupported(name)
  }
  const version = reviewVersion(webhook.admissionReviewVersions)
  if (version === undefined) {
    const reason = 'webhook does not accept known AdmissionReview versions (v1, v1beta1)'
    throw new CallError(name, `could not create admission objects: ${reason}`, 400)
  }
  const uid = randomUUID()
  const answer = await send(webhook, createReview(version, uid, request, invocation), request.signal, clients)
  let verdict: Verdict
  try {
    verdict = readReview(version, uid, mutating, answer)
  } catch (error) {
    const what = error instanceof UndecodableError ? 'failed to call webhook' : 'received invalid webhook response'
    throw new CallError(name, `${what}: ${(error as Error).message}`, 503)
  }
  for (const [key, value] of Object.entries(verdict.auditAnnotations ?? {})) request.annotate(`${name}/${key}`, value)
  for (const text of verdict.warnings ?? []) request.warn(text)
  if (!verdict.allowed) throw rejection(name, verdict.result)
  return verdict
}

async function send(
  { name, clientConfig, timeoutSeconds = defaultTimeoutSeconds }: Hook['webhook'],
  review: object,
  signal: AbortSignal,
  clients: HookClients,
): Promise<unknown> {
  let client
  try {
    client = clients.hook(clientConfig)
  } catch (error) {
    throw new CallError(name, `could not get REST client: ${(error as Error).message}`, 500)
  }
  try {
    return await client.post(review, { timeoutSeconds, signal })
  } catch (error) {
    const code = error instanceof StatusError ? error.code : 503
    throw new CallError(name, `failed to call webhook: ${(error as Error).message}`, code)
  }
}

/**
 * Runs a call with its failure policy. Resolves to undefined for one that failed and may; rejects with the StatusError of
 * a refusal.
 */
export async function underPolicy<T>(
  { webhook }: Hook,
  type: Outcome['type'],
  request: AdmissionRequest,
  { clock, log, observe }: Calls,
  call: () => Promise<T>,
): Promise<T | undefined> {
  const { name } = webhook
  const start = clock.elapsed()
  const report = (code: number, rest: Pick<Outcome, 'rejection' | 'failedOpen'>): void =>
    observe({ name, type, operation: request.operation, seconds: (clock.elapsed() - start) / 1000, code, ...rest })
  try {
    const result = await call()
    report(200, { failedOpen: false })
    return result
  } catch (error) {
    if (error instanceof CallError && webhook.failurePolicy === 'Ignore') {
      report(error.code, { failedOpen: true })
      log.warn({ err: error.message, webhook: name }, 'failed calling webhook, failing open')
      return undefined
    }
    if (error instanceof CallError) {
      report(error.code, { rejection: 'calling_webhook_error', failedOpen: false })
      log.warn({ err: error.message, webhook: name }, 'failed calling webhook, failing closed')
      throw failClosed(error)
    }
    if (error instanceof Rejection) report(error.code, { rejection: 'no_error', failedOpen: false })
    else report(0, { rejection: 'apiserver_internal_error', failedOpen: false })
    throw error
  }
}

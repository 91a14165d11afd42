import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Aggregator } from '../aggregator/aggregator.ts'
import type { Authorizer } from '../auth/attributes.ts'
import type { Authenticate } from '../auth/authenticate.ts'
import type { FlowControl } from '../flowcontrol/flow-control.ts'
import type { Lookup } from '../auth/lookup.ts'
import type { Rbac } from '../auth/rbac.ts'
import type { Tokens } from '../auth/tokens.ts'
import type { ServedKinds } from '../registry/served-kinds.ts'
import type { Admission, Registry, RequestScope, UserInfo } from '../registry/types.ts'
import type { HookClients } from '../webhook/client.ts'
import type { Answer } from './answer.ts'
import type { HealthChecks } from './health.ts'
import type { KubeletTransport } from './kubelet.ts'
import type { Metrics } from './metrics.ts'
import type { RequestInfo } from './request-info.ts'
import { fieldManagerOf } from './write-options.ts'

/** What handlers work with besides the request. */
export interface Deps {
  registry: Registry
  /** What is served now: the table of kinds, and what came at run time. */
  kinds: ServedKinds
  lookup: Lookup
  /** The API servers behind this one. */
  aggregator: Aggregator
  /** Whose turn it is. */
  flowControl: FlowControl
  admission: Admission
  authenticate: Authenticate
  authorizer: Authorizer
  rbac: Rbac
  tokens: Tokens
  kubelet: KubeletTransport
  hooks: HookClients
  health: HealthChecks
  metrics: Metrics
  clock: Clock
  log: Logger
  /** Aborted when the server stops: ends what would last. */
  stopping: AbortSignal
}

/** One request whose sender is known and allowed. */
export interface RequestContext {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  info: RequestInfo
  user: UserInfo
  clock: Clock
  /** Aborted when the client is gone or the request's time is over. */
  signal: AbortSignal
  warnings: string[]
  /** What the audit log is to say of the request. */
  auditAnnotations: Map<string, string>
  /** For handlers that stream: they answer `undefined` and write themselves. */
  request: IncomingMessage
  response: ServerResponse
  /** A handler that lasts has done its first work: it no longer counts as busy. */
  initialized(): void
  /** The whole body; 413 when it is too large. */
  body(): Promise<Buffer>
}

/** `undefined`: the handler has written, or is going to write, to the response itself. */
export type Handler = (context: RequestContext, deps: Deps) => Promise<Answer | undefined> | Answer | undefined

/** The registry's view of the request. */
export function scopeOf(context: RequestContext, deps: Deps, kind: Kind): RequestScope {
  const { info, query } = context
  const namespace = kind.namespaced && info.namespace !== '' ? info.namespace : undefined
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    dryRun: query.getAll('dryRun').includes('All'),
    user: context.user,
    admission: deps.admission,
    warn: (text) => {
      if (!context.warnings.includes(text)) context.warnings.push(text)
    },
    annotate: (key, value) => context.auditAnnotations.set(key, value),
    signal: context.signal,
    fieldManager: fieldManagerOf(query, context.headers['user-agent']),
    options: optionsOf(query),
  }
}

function optionsOf(query: URLSearchParams): NonNullable<RequestScope['options']> {
  const dryRun = query.getAll('dryRun')
  const fieldManager = query.get('fieldManager')
  const fieldValidation = query.get('fieldValidation')
  return {
    ...(dryRun.length === 0 ? {} : { dryRun }),
    ...(fieldManager ? { fieldManager } : {}),
    ...(fieldValidation ? { fieldValidation } : {}),
  }
}

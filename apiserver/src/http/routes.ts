import { publicJwk } from '@kubets/shared/process/jwt.ts'
import { jsonAnswer, textAnswer } from './answer.ts'
import { dumpPriorityLevels, dumpQueues, dumpRequests } from '../flowcontrol/dump.ts'
import type { Levels } from '../flowcontrol/levels.ts'
import type { Handler, RequestContext } from './context.ts'
import { coreVersions, groupList, groupVersion, oneGroup } from './discovery.ts'
import { health } from './health.ts'
import { openApiDocument, openApiIndex, openApiV2 } from './openapi.ts'
import { versionInfo } from './version.ts'

/** Handlers by URL pattern, for all that is no resource. */
export type Routes = Readonly<Record<string, Handler>>

const metrics: Handler = async (_, deps) => {
  const { text, contentType } = await deps.metrics.page()
  return textAnswer(200, text, contentType)
}

// pkg/routes/openidmetadata.go
const openidConfiguration: Handler = (_, { tokens }) => {
  const { issuer, verificationKeys } = tokens.settings
  return jsonAnswer(200, {
    issuer,
    jwks_uri: `${issuer.replace(/\/$/, '')}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(verificationKeys.map(({ algorithm }) => algorithm))],
  })
}

const keySet: Handler = (_, { tokens }) =>
  jsonAnswer(200, { keys: tokens.settings.verificationKeys.map(publicJwk) }, 'application/jwk-set+json')

/** A page for people about priority and fairness. */
const dump =
  (write: (levels: Levels, context: RequestContext) => string): Handler =>
  (context, { flowControl }) => {
    const answer = textAnswer(200, write(flowControl.levels, context))
    return { ...answer, headers: { 'x-content-type-options': 'nosniff' } }
  }

/** Paths that the index does not name. */
const unlisted: Routes = {
  '/debug/api_priority_and_fairness/dump_priority_levels': dump(dumpPriorityLevels),
  '/debug/api_priority_and_fairness/dump_queues': dump(dumpQueues),
  '/debug/api_priority_and_fairness/dump_requests': dump((levels, { query, clock }) =>
    dumpRequests(levels, Boolean(query.get('includeRequestDetails')), clock.now() - clock.elapsed()),
  ),
}

const handlers: Routes = {
  '/version': () => jsonAnswer(200, versionInfo),
  '/healthz': health,
  '/healthz/*': health,
  '/livez': health,
  '/livez/*': health,
  '/readyz': health,
  '/readyz/*': health,
  '/metrics': metrics,
  '/api': coreVersions,
  '/api/:version': groupVersion,
  '/apis': groupList,
  '/apis/:group': oneGroup,
  '/apis/:group/:version': groupVersion,
  '/openapi/v2': openApiV2,
  '/openapi/v3': openApiIndex,
  '/openapi/v3/*': openApiDocument,
  '/.well-known/openid-configuration': openidConfiguration,
  '/openid/v1/jwks': keySet,
}

/** For paths that only answer GET. */
const getOnly =
  (handler: Handler): Handler =>
  (context, deps) =>
    context.method === 'GET' || context.method === 'HEAD'
      ? handler(context, deps)
      : textAnswer(405, '405: Method Not Allowed')

const index: Handler = () =>
  jsonAnswer(200, {
    paths: Object.keys(handlers)
      .filter((path) => !/[:*]/.test(path))
      .sort(),
  })

export const routes: Routes = Object.fromEntries(
  Object.entries({ '/': index, ...handlers, ...unlisted }).map(([path, handler]) => [path, getOnly(handler)]),
)

import { setMaxListeners } from 'node:events'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { signingKey, verificationKey } from '@kubets/shared/process/jwt.ts'
import { runDefinitions } from './apiextensions/controller.ts'
import { Definitions } from './apiextensions/definitions.ts'
import { createAdmission } from './admission/index.ts'
import { createCallMetrics } from './admission/webhook/metrics.ts'
import { createAggregator } from './aggregator/aggregator.ts'
import { createAuthenticate } from './auth/authenticate.ts'
import { keepAuthenticationConfig } from './auth/authentication-config.ts'
import { firstVerdict, healthPathsAuthorizer, type Authorizer } from './auth/attributes.ts'
import { createLookup } from './auth/lookup.ts'
import { keepTracking, useRecorder } from './auth/legacy-token-use.ts'
import { createNodeAuthorizer } from './auth/node-authorizer.ts'
import { createRbac, mastersAuthorizer } from './auth/rbac.ts'
import { reconcileRbac } from './auth/reconcile-rbac.ts'
import { createTokens } from './auth/tokens.ts'
import { FlowControl } from './flowcontrol/flow-control.ts'
import { Keeper } from './flowcontrol/keeper.ts'
import type { Deps } from './http/context.ts'
import { createMetrics } from './http/metrics.ts'
import { routes } from './http/routes.ts'
import { createObserver, registerFlowControlMetrics } from './flowcontrol/metrics.ts'
import { startServer, type Server } from './http/server.ts'
import { gitVersion } from './http/version.ts'
import { keep } from './keep.ts'
import type { Options } from './options.ts'
import { createRegistry } from './registry/registry.ts'
import { ServedKinds } from './registry/served-kinds.ts'
import type { Registry } from './registry/types.ts'
import { createHookClients } from './webhook/client.ts'
import { clusterIPResolver } from './webhook/service-resolver.ts'

export interface ApiServer {
  readonly port: number
  /** Ends watches, lets short requests finish, closes the connections to clients and etcd. */
  close(): Promise<void>
}

const retryMilliseconds = 200
// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go borrowingAdjustmentPeriod
const borrowingMilliseconds = 10_000
// pkg/controlplane/controller/clusterauthenticationtrust: the pause between two looks
const authenticationConfigMilliseconds = 60_000
// pkg/controlplane/controller/legacytokentracking/controller.go: a ConfigMap that was deleted is made anew, but not at once
const trackingMilliseconds = 30 * 60_000

/** Starts the whole server in this process. Rejects when it cannot listen; etcd may come later. */
export async function startApiServer(options: Options, clock: Clock, log: Logger): Promise<ApiServer> {
  const stop = new AbortController()
  // every watch listens to this one
  setMaxListeners(0, stop.signal)
  const registry = createRegistry({
    etcdServers: options.etcdServers,
    etcdTls: options.etcdTls,
    etcdPrefix: options.etcdPrefix,
    clock,
    log,
    serviceClusterIPRanges: options.serviceClusterIPRanges,
    nodePortRange: options.nodePortRange,
    advertiseAddress: options.advertiseAddress,
    securePort: options.port,
  })
  const kinds = new ServedKinds(options.kinds)
  const lookup = createLookup(registry, stop.signal)
  const hooks = createHookClients(clusterIPResolver(lookup), clock)
  const definitions = new Definitions(registry, kinds, hooks)
  const rbac = createRbac(registry)
  const { proxyClient: client, aggregatorRouting: routing } = options
  const aggregator = createAggregator({ registry, kinds, builtIn: options.kinds, client, routing, clock, log })
  const metrics = createMetrics(gitVersion)
  const flowControl = new FlowControl(registry, options.seats, clock, createObserver(metrics.register))
  const flowObjects = new Keeper(registry, clock)
  const tokens = createTokens(
    {
      issuer: options.issuer,
      audiences: options.audiences,
      signingKey: signingKey(options.signingKey),
      verificationKeys: options.verificationKeys.map(verificationKey),
      extendExpiration: options.extendTokenExpiration,
      staticTokens: options.staticTokens,
      bootstrapTokens: options.bootstrapTokens,
    },
    lookup,
    clock,
    useRecorder(registry, clock, log, stop.signal),
  )
  const modes: Record<Options['authorizationModes'][number], Authorizer> = {
    Node: createNodeAuthorizer(registry),
    RBAC: rbac,
    AlwaysAllow: { authorize: () => ({ verdict: 'allow', reason: '' }) },
  }
  const authorizer = firstVerdict([
    healthPathsAuthorizer,
    mastersAuthorizer,
    ...options.authorizationModes.map((mode) => modes[mode]),
  ])
  let policyReady = false
  const ping = (): undefined => undefined
  const etcd = (): Promise<string | undefined> => registry.health()
  const deps: Deps = {
    registry,
    kinds,
    lookup,
    aggregator,
    flowControl,
    admission: createAdmission({
      registry,
      lookup,
      served: kinds,
      clients: hooks,
      clock,
      log,
      observe: createCallMetrics(metrics.register),
      rbac,
      authorizer,
      signal: stop.signal,
    }),
    authenticate: createAuthenticate(options, tokens, clock, log),
    authorizer,
    rbac,
    tokens,
    kubelet: options.kubelet,
    hooks,
    health: {
      livez: { ping },
      readyz: {
        ping,
        etcd,
        'autoregister-completion': () => aggregator.pending(),
        'poststarthook/priority-and-fairness-config-producer': () => flowObjects.pending(),
        'poststarthook/rbac/bootstrap-roles': () => (policyReady ? undefined : 'not finished'),
        shutdown: () => (stop.signal.aborted ? 'process is shutting down' : undefined),
      },
    },
    metrics,
    clock,
    log,
    stopping: stop.signal,
  }
  registerFlowControlMetrics(deps.metrics.register, flowControl, clock)
  const server = await listen(options, deps, registry)
  const policy = ensurePolicy(deps, () => (policyReady = true))
  const loops = [
    runDefinitions({ registry, definitions, clock, log }, stop.signal),
    aggregator.run(stop.signal),
    keep('keep the objects of priority and fairness', 1000, () => flowObjects.step(stop.signal), deps),
    keep('divide seats', borrowingMilliseconds, () => Promise.resolve(flowControl.adjust()), deps),
    keep(
      'write the authentication settings for aggregated API servers',
      authenticationConfigMilliseconds,
      () => keepAuthenticationConfig(options, registry, lookup, stop.signal, clock.now()),
      deps,
    ),
    keep(
      'say since when the use of tokens in Secrets is written down',
      trackingMilliseconds,
      () => keepTracking(registry, lookup, stop.signal, clock.now()),
      deps,
    ),
  ]
  log.info({ port: server.port }, 'serving')
  return {
    port: server.port,
    async close() {
      await registry.leave()
      stop.abort()
      await server.close()
      await Promise.all([policy, ...loops])
      hooks.close()
      await registry.close()
    },
  }
}

async function listen(options: Options, deps: Deps, registry: Registry): Promise<Server> {
  try {
    return await startServer(options, routes, deps)
  } catch (error) {
    await registry.close()
    throw error
  }
}

/** Tries until the roles are there or the server stops; never rejects. */
async function ensurePolicy({ registry, lookup, clock, log, stopping }: Deps, done: () => void): Promise<void> {
  while (!stopping.aborted) {
    try {
      await reconcileRbac(registry, lookup, stopping)
      done()
      return
    } catch (error) {
      if (!stopping.aborted) log.warn({ err: error }, 'cannot reconcile the bootstrap roles yet')
    }
    await clock.sleep(retryMilliseconds, stopping).catch(() => undefined)
  }
}

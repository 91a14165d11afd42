import { Registry } from 'prom-client'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { realClock } from '@kubets/shared/testing/real-clock.ts'
import { signingKey } from '@kubets/shared/process/jwt.ts'
import { namespaces, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { autoscalingMetrics } from './horizontal-pod-autoscaler/metrics.ts'
import { signerFlags } from './certificatesigningrequest-signing/authorities.ts'
import { ControllerHealth } from './controller-health.ts'
import { controllers } from './controllers.ts'
import { batchMetrics } from './job/metrics.ts'
import { runControllers } from './manager.ts'
import { concurrentSyncs, type Options } from './options.ts'

type ApiServer = Awaited<ReturnType<typeof startApiServer>>

export interface TestManager {
  client: ApiServer['client']
  /** Writes a kubeconfig for a client certificate of this name and these groups; returns its path. */
  kubeconfig: ApiServer['kubeconfig']
  /** Whose certificates of clients the server takes. */
  authority: ApiServer['authority']
  /** Where the server's etcd answers. */
  etcd: ApiServer['etcd']
  /** What the controllers count. */
  registry: Registry
  /** Makes a namespace that can be used. */
  makeNamespace(name: string): Promise<void>
  /** Ends all controllers, does something without them, and starts them again with what the server knows alone. */
  restart(meanwhile: () => Promise<void>): Promise<void>
  stop(): Promise<void>
}

/**
 * Every controller in this process, on a real apiserver with these flags; `given` are options of its own, and `through`
 * is what stands between them and the apiserver.
 */
export const startTestManager = async (
  given: Partial<Options> = {},
  flags: readonly string[] = [],
  through: (client: ApiServer['client']) => ApiServer['client'] = (client) => client,
): Promise<TestManager> => {
  const apiserver = await startApiServer(flags)
  const { client } = apiserver
  const options: Options = {
    rootCA: undefined,
    tokenKey: signingKey(apiserver.tokenKey),
    signing: {
      authorities: new Map(Object.values(signerFlags).map((signer) => [signer, apiserver.authority])),
      longestMs: 365 * 24 * 3_600_000,
    },
    legacyTokenCleanUpMs: 365 * 24 * 3_600_000,
    podCidrs: undefined,
    nodeMonitorPeriodMs: 5_000,
    nodeMonitorGraceMs: 50_000,
    nodeStartupGraceMs: 60_000,
    eviction: { intervalMs: 10_000, slowIntervalMs: 100_000, unhealthyShare: 0.55, largeZone: 50 },
    neverForceDetach: false,
    terminatedPodThreshold: 0,
    autoscaling: {
      syncPeriodMs: 100,
      downscaleStabilizationMs: 0,
      tolerance: 0.1,
      initialization: { cpuMs: 300_000, readinessMs: 30_000 },
    },
    syncs: concurrentSyncs,
    mirroringSyncs: 5,
    maxEndpointsPerSlice: 100,
    localPath: undefined,
    ...given,
  }
  const metrics = { observe: () => undefined }
  const registry = new Registry()
  const shared = {
    client: through(client),
    clock: realClock,
    log: silentLogger,
    metrics,
    options,
    queues: [],
    health: new ControllerHealth(),
    controllers,
    autoscalingMetrics: autoscalingMetrics(registry),
    batchMetrics: batchMetrics(registry),
    registry,
  }
  const run = (): { end: () => Promise<void> } => {
    const stopping = new AbortController()
    const running = runControllers(shared, stopping.signal)
    return {
      end: () => {
        stopping.abort()
        return running
      },
    }
  }
  let controlling = run()
  return {
    client,
    etcd: apiserver.etcd,
    registry,
    kubeconfig: apiserver.kubeconfig,
    authority: apiserver.authority,
    makeNamespace: async (name) => {
      await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} })
      const exists = (): Promise<boolean> =>
        client.get(serviceAccounts, 'default', { namespace: name }).then(
          () => true,
          () => false,
        )
      await waitFor(exists)
    },
    restart: async (meanwhile) => {
      await controlling.end()
      await meanwhile()
      controlling = run()
    },
    stop: async () => {
      await controlling.end()
      await apiserver.stop()
    },
  }
}

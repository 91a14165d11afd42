import { configMaps, secrets } from '@kubets/shared/api/resources.gen.ts'
import type { ConfigMap, Secret } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isAlreadyExists, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Registry } from '../registry/types.ts'
import { internalScope, kindOfRef, type Lookup } from './lookup.ts'
import type { WriteDownUse } from './legacy-token.ts'

const lastUsed = 'kubernetes.io/legacy-token-last-used'
const dayMs = 86_400_000

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** The Secret with the day on which its token was used last; undefined when it says so. */
// pkg/serviceaccount/legacy.go patchSecretWithLastUsedDate: another apiserver's clock may be a day ahead at midnight
export function withLastUsed(secret: Secret, now: number): Secret | undefined {
  const { labels } = secret.metadata
  const said = labels?.[lastUsed]
  if (said === dateOf(now) || said === dateOf(now + dayMs)) return undefined
  return { ...secret, metadata: { ...secret.metadata, labels: { ...labels, [lastUsed]: dateOf(now) } } }
}

/** Writes the day of its use onto a token's Secret, once a day. What fails is logged: the token is good nevertheless. */
export function useRecorder(registry: Registry, clock: Clock, log: Logger, signal: AbortSignal): WriteDownUse {
  return async (secret) => {
    const now = clock.now()
    if (withLastUsed(secret, now) === undefined) return
    const { name = '', namespace, uid } = secret.metadata
    try {
      await registry.update(internalScope(kindOfRef(secrets), signal, namespace), name, (current) =>
        current.metadata.uid === uid ? (withLastUsed(current as Secret, now) ?? current) : current,
      )
    } catch (error) {
      if (!signal.aborted) log.error({ err: error, namespace, name }, 'cannot write down the use of a token')
    }
  }
}

const trackingName = 'kube-apiserver-legacy-service-account-token-tracking'
const trackingNamespace = 'kube-system'

const hasDate = ({ data }: ConfigMap): boolean => {
  const since = data?.['since'] ?? ''
  return /^\d{4}-\d\d-\d\d$/.test(since) && !Number.isNaN(Date.parse(since)) && dateOf(Date.parse(since)) === since
}

/** Keeps the ConfigMap that says since when uses are written down. Rejects when etcd is away. */
// pkg/controlplane/controller/legacytokentracking/controller.go syncConfigMap
export async function keepTracking(
  registry: Registry,
  lookup: Lookup,
  signal: AbortSignal,
  now: number,
): Promise<void> {
  const scope = internalScope(kindOfRef(configMaps), signal, trackingNamespace)
  const stored = await lookup.get(configMaps, trackingName, trackingNamespace)
  if (stored === undefined) {
    const metadata = { name: trackingName, namespace: trackingNamespace }
    const made: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { since: dateOf(now) } }
    await registry.create(scope, made).catch((error: unknown) => {
      // another apiserver was quicker
      if (!isAlreadyExists(error)) throw error
    })
  } else if (!hasDate(stored)) {
    const mended = (current: ConfigMap): ConfigMap =>
      hasDate(current) ? current : { ...current, data: { ...current.data, since: dateOf(now) } }
    await registry
      .update(scope, trackingName, (current) => mended(current as ConfigMap))
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
  }
}

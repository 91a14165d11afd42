import { configMaps } from '@kubets/shared/api/resources.gen.ts'
import type { ConfigMap } from '@kubets/shared/api/types/core-v1.ts'
import { X509Certificate } from 'node:crypto'
import { isAlreadyExists } from '@kubets/shared/machinery/errors.ts'
import type { Registry } from '../registry/types.ts'
import { pemBlock, type AuthenticateSettings } from './authenticate.ts'
import { internalScope, kindOfRef, type Lookup } from './lookup.ts'

const name = 'extension-apiserver-authentication'
const namespace = 'kube-system'

// pkg/controlplane/controller/clusterauthenticationtrust/cluster_authentication_trust_controller.go syncConfigMap
/**
 * Writes what aggregated API servers check callers by into kube-system, where they read it. What other apiservers wrote
 * stays beside it. Rejects when etcd is away.
 */
export async function keepAuthenticationConfig(
  settings: AuthenticateSettings,
  registry: Registry,
  lookup: Lookup,
  signal: AbortSignal,
  now: number,
): Promise<void> {
  const scope = internalScope(kindOfRef(configMaps), signal, namespace)
  const stored = await lookup.get(configMaps, name, namespace)
  if (stored === undefined) {
    const data = authenticationConfig({}, settings, now)
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data }
    // another apiserver may have been quicker
    await registry.create(scope, object).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error
    })
    return
  }
  const before = stored.data ?? {}
  const after = authenticationConfig(before, settings, now)
  if (Object.keys({ ...before, ...after }).every((key) => before[key] === after[key])) return
  await registry.update(scope, name, (current) => {
    const { data = {} } = current as ConfigMap
    return { ...current, data: authenticationConfig(data, settings, now) } as ConfigMap
  })
}

/** The ConfigMap's data: ours besides what is there already, less the certificates that have expired. */
export function authenticationConfig(
  stored: Readonly<Record<string, string>>,
  { clientCa, requestHeader }: AuthenticateSettings,
  now: number,
): Record<string, string> {
  const certificates = (key: string, own: string): string => {
    const all = [...(stored[key]?.match(pemBlock) ?? []), ...(own.match(pemBlock) ?? [])]
    const valid = all.filter((pem) => new X509Certificate(pem).validToDate.getTime() > now)
    return [...new Set(valid)].map((pem) => `${pem}\n`).join('')
  }
  const names = (key: string, own: readonly string[]): string =>
    JSON.stringify([...new Set([...storedNames(stored[key]), ...own])])
  return {
    ...stored,
    'client-ca-file': certificates('client-ca-file', clientCa),
    ...(requestHeader === undefined
      ? {}
      : {
          'requestheader-allowed-names': names('requestheader-allowed-names', requestHeader.allowedNames),
          'requestheader-client-ca-file': certificates('requestheader-client-ca-file', requestHeader.clientCa),
          'requestheader-extra-headers-prefix': names(
            'requestheader-extra-headers-prefix',
            requestHeader.extraHeaderPrefixes,
          ),
          'requestheader-group-headers': names('requestheader-group-headers', requestHeader.groupHeaders),
          'requestheader-uid-headers': names('requestheader-uid-headers', requestHeader.uidHeaders),
          'requestheader-username-headers': names('requestheader-username-headers', requestHeader.usernameHeaders),
        }),
  }
}

/** What somebody broke is written anew. */
function storedNames(text: string | undefined): string[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
  } catch {
    return []
  }
}

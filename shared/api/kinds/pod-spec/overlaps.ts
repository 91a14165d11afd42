import { quote } from '../../../machinery/quote.ts'
import type { Volume, VolumeProjection } from '../../types/core-v1.ts'

/** Each path is compared with each other: no more are looked at. */
const maxPaths = 500
const maxSources = 50

type Items = readonly { path: string }[] | null | undefined

const pathsOf = (items: Items): string[] => (items ?? []).map(({ path }) => path)

/** Files of one volume of which one hides another. */
// pkg/api/pod/warnings.go warningsForOverlappingVirtualPaths
export function overlapWarnings(volumes: readonly Volume[]): string[] {
  const warnings: string[] = []
  for (const { name, configMap, secret, downwardAPI, projected } of volumes) {
    const volume = `volume ${quote(name)}`
    const check = (items: Items, what: string): void => {
      warnings.push(...overlaps(pathsOf(items), `${volume} (${what}): overlapping paths`))
    }
    if (configMap) check(configMap.items, `ConfigMap ${quote(configMap.name ?? '')}`)
    if (secret) check(secret.items, `Secret ${quote(secret.secretName ?? '')}`)
    if (downwardAPI) check(downwardAPI.items, 'DownwardAPI')
    const all = new Set<string>()
    for (const source of (projected?.sources ?? []).slice(0, maxSources)) {
      if (Object.keys(source).length === 0) {
        warnings.push(`${volume} (Projected) has no sources provided`)
        continue
      }
      const [paths, what] = projection(source)
      if (paths.length === 0) continue
      const text = `${volume} (Projected ${what}): overlapping paths`
      warnings.push(...overlaps(paths, text), ...overlaps([...new Set(paths), ...all].sort(), text))
      for (const path of paths) all.add(path)
    }
  }
  return warnings
}

function projection(source: VolumeProjection): [string[], string] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source
  if (configMap?.items) return [pathsOf(configMap.items), `ConfigMap ${quote(configMap.name ?? '')}`]
  if (secret?.items) return [pathsOf(secret.items), `Secret ${quote(secret.name ?? '')}`]
  if (downwardAPI?.items) return [pathsOf(downwardAPI.items), 'DownwardAPI']
  if (serviceAccountToken) return [[serviceAccountToken.path], 'ServiceAccountToken']
  if (clusterTrustBundle) {
    const { name, signerName = '', path } = clusterTrustBundle
    return [[path], `ClusterTrustBundle ${quote(name ?? signerName)}`]
  }
  if (!podCertificate) return [[], '']
  const { credentialBundlePath, keyPath, certificateChainPath } = podCertificate
  const files = [credentialBundlePath, keyPath, certificateChainPath].filter(
    (path) => path !== undefined && path !== '',
  )
  return [files as string[], 'PodCertificate']
}

function overlaps(paths: readonly string[], text: string): string[] {
  const warnings: string[] = []
  const seen = new Set<string>()
  for (const path of paths.slice(0, maxPaths)) {
    const normal = path.replace(/\/+$/, '')
    const other = [...seen].find((item) => hides(item, normal))
    if (other) warnings.push(`${text}: ${quote(normal)} with ${quote(other)}`)
    seen.add(normal)
  }
  return warnings
}

// upstream compares texts, not path elements: "a" is found in "ab" too
const hides = (one: string, other: string): boolean =>
  one !== '' && other !== '' && (`${one}/`.startsWith(other) || `${other}/`.startsWith(one))

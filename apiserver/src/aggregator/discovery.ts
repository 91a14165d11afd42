import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import { compareKubeVersions } from '@kubets/shared/machinery/kube-version.ts'
import type { ServedGroup, ServedVersion } from '../registry/served-kinds.ts'
import { builtInPriority, customPriority, type Priority } from './priorities.ts'

/** A version in the documents of discovery: served here, or by another server. */
export interface DiscoveredVersion {
  version: string
  local?: ServedVersion
  remote?: RemoteVersion
}

export interface RemoteVersion {
  /** As in aggregated discovery. */
  resources: object[]
  available: boolean
}

export interface DiscoveredGroup {
  name: string
  versions: DiscoveredVersion[]
}

/**
 * What is served here and what is served elsewhere, as discovery lists it: the aggregator's own group first, then by the
 * priorities of the APIServices.
 */
// kube-aggregator/pkg/apiserver/handler_apis.go, pkg/apis/apiregistration/v1/helper/helpers.go SortedByGroupAndVersion
export function mergeGroups(
  local: readonly ServedGroup[],
  services: Iterable<APIService>,
  remoteOf: (service: APIService) => RemoteVersion,
): DiscoveredGroup[] {
  const groups = new Map<string, Map<string, DiscoveredVersion>>()
  const priorities = new Map<string, Priority>()
  const add = (group: string, version: DiscoveredVersion): void => {
    const versions = groups.get(group) ?? new Map<string, DiscoveredVersion>()
    groups.set(group, versions.set(version.version, version))
  }
  for (const { name, versions } of local) for (const one of versions) add(name, { version: one.version, local: one })
  for (const service of services) {
    const { group = '', version = '', groupPriorityMinimum, versionPriority } = service.spec
    priorities.set(`${group}/${version}`, { group: groupPriorityMinimum, version: versionPriority })
    if (service.spec.service !== undefined) add(group, { version, remote: remoteOf(service) })
  }
  const priority = (group: string, version: string): Priority =>
    priorities.get(`${group}/${version}`) ?? builtInPriority(group, version) ?? customPriority
  const groupPriority = (group: string, versions: ReadonlyMap<string, unknown>): number =>
    group === 'apiregistration.k8s.io'
      ? Infinity
      : Math.max(...[...versions.keys()].map((v) => priority(group, v).group))
  return [...groups]
    .map(([name, versions]) => ({ name, versions, priority: groupPriority(name, versions) }))
    .sort((a, b) => byNumber(b.priority, a.priority) || (a.name < b.name ? -1 : 1))
    .map(({ name, versions }) => ({
      name,
      versions: [...versions.values()].sort(
        (a, b) =>
          byNumber(priority(name, b.version).version, priority(name, a.version).version) ||
          compareKubeVersions(b.version, a.version),
      ),
    }))
}

const byNumber = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)

interface Resource {
  name: string
  singularName?: string
  namespaced?: boolean
  group?: string
  version?: string
  kind?: string
  verbs?: unknown
  shortNames?: unknown
  categories?: unknown
}

/** An APIResourceList as the resources of aggregated discovery; what is no such list has none. */
// staging/src/k8s.io/apiserver/pkg/endpoints/installer.go ConvertGroupVersionIntoToDiscovery
export function resourcesOf(list: unknown, group: string, version: string): object[] {
  const { resources } = (list ?? {}) as { resources?: unknown }
  if (!Array.isArray(resources)) return []
  const all = resources.filter(isResource)
  const kindOf = (one: Resource) => ({
    group: one.group ?? group,
    version: one.version ?? version,
    kind: one.kind ?? '',
  })
  const subresources = Map.groupBy(
    all.filter(({ name }) => name.includes('/')),
    ({ name }) => name.split('/')[0] ?? '',
  )
  return all
    .filter(({ name }) => !name.includes('/'))
    .map((one) => {
      const below = (subresources.get(one.name) ?? []).map((sub) => ({
        subresource: sub.name.slice(one.name.length + 1),
        responseKind: kindOf(sub),
        verbs: sub.verbs ?? [],
      }))
      return {
        resource: one.name,
        responseKind: kindOf(one),
        scope: one.namespaced === true ? 'Namespaced' : 'Cluster',
        singularResource: one.singularName ?? '',
        verbs: one.verbs ?? [],
        ...(one.shortNames === undefined ? {} : { shortNames: one.shortNames }),
        ...(one.categories === undefined ? {} : { categories: one.categories }),
        ...(below.length === 0 ? {} : { subresources: below }),
      }
    })
}

const isResource = (one: unknown): one is Resource =>
  typeof one === 'object' && one !== null && typeof (one as { name?: unknown }).name === 'string'

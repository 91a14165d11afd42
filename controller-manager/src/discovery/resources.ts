import type { ResourceRef } from '@kubets/shared/machinery/object.ts'

/** A resource as the server announces it. */
export interface DiscoveredResource {
  ref: ResourceRef
  verbs: readonly string[]
}

/** A group and its versions, the preferred one first. */
export interface DiscoveredGroup {
  name: string
  versions: string[]
}

interface ApiResource {
  name?: string
  kind?: string
  namespaced?: boolean
  verbs?: string[]
}

/** The server's answer to /apis, as much of it as matters here. */
export interface ApiGroupList {
  groups?: {
    name?: string
    versions?: { version?: string }[]
    preferredVersion?: { version?: string }
  }[]
}

/** The server's answer to /apis/<group>/<version>, as much of it as matters here. */
export interface ApiResourceList {
  resources?: ApiResource[]
}

/** The groups of an answer to /apis. */
export const groupsOf = (list: ApiGroupList): DiscoveredGroup[] =>
  (list.groups ?? []).map((group) => {
    const preferred = group.preferredVersion?.version
    const versions = (group.versions ?? []).map((each) => each.version ?? '').filter((each) => each !== '')
    return {
      name: group.name ?? '',
      versions: preferred ? [preferred, ...versions.filter((each) => each !== preferred)] : versions,
    }
  })

/** The resources of one group version, without subresources. */
export const resourcesOf = (group: string, version: string, list: ApiResourceList): DiscoveredResource[] =>
  (list.resources ?? [])
    .filter((resource) => resource.name && !resource.name.includes('/'))
    .map((resource) => ({
      ref: {
        group,
        version,
        plural: resource.name ?? '',
        kind: resource.kind ?? '',
        namespaced: resource.namespaced ?? false,
      },
      verbs: resource.verbs ?? [],
    }))

/** One entry a group and resource: the first version that has it, versions in order of preference. */
// client-go discovery/discovery_client.go ServerPreferredResources
export const preferred = (resources: readonly DiscoveredResource[]): DiscoveredResource[] => {
  const chosen = new Map<string, DiscoveredResource>()
  for (const resource of resources) {
    const key = `${resource.ref.group}/${resource.ref.plural}`
    if (!chosen.has(key)) chosen.set(key, resource)
  }
  return [...chosen.values()]
}

export const supports = (resource: DiscoveredResource, ...verbs: string[]): boolean =>
  verbs.every((verb) => resource.verbs.includes(verb))

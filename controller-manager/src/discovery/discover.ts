import type { Client } from '@kubets/shared/client/client.ts'
import { messageOf } from '../failure.ts'
import { groupsOf, resourcesOf } from './resources.ts'
import type { ApiGroupList, ApiResourceList, DiscoveredResource } from './resources.ts'

export interface Discovery {
  /** All served versions of all resources, preferred versions first within a group. */
  resources: DiscoveredResource[]
  /** Group versions that could not be read, with the reason: an aggregated server may be down. */
  failures: { groupVersion: string; message: string }[]
}

const getJson = async <T>(client: Client, path: string, signal: AbortSignal): Promise<T> => {
  const response = await client.raw('GET', path, { headers: { accept: 'application/json' }, signal })
  if (response.status !== 200) throw new Error(`GET ${path}: the server answered ${response.status}`)
  return JSON.parse(response.body.toString('utf8')) as T
}

/** Asks the server what it serves. Throws only when the list of groups itself cannot be read. */
// client-go discovery/discovery_client.go ServerGroupsAndResources
export const discover = async (client: Client, signal: AbortSignal): Promise<Discovery> => {
  const groups = groupsOf(await getJson<ApiGroupList>(client, '/apis', signal))
  const versions = [
    { group: '', version: 'v1', path: '/api/v1' },
    ...groups.flatMap(({ name, versions: all }) =>
      all.map((version) => ({ group: name, version, path: `/apis/${name}/${version}` })),
    ),
  ]
  const discovery: Discovery = { resources: [], failures: [] }
  const lists = await Promise.allSettled(versions.map(({ path }) => getJson<ApiResourceList>(client, path, signal)))
  lists.forEach((list, index) => {
    const { group = '', version = '' } = versions[index] ?? {}
    if (list.status === 'fulfilled') discovery.resources.push(...resourcesOf(group, version, list.value))
    else
      discovery.failures.push({
        groupVersion: group ? `${group}/${version}` : version,
        message: messageOf(list.reason),
      })
  })
  signal.throwIfAborted()
  return discovery
}

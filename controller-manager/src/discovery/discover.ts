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

type Asked = Pick<Client, 'raw'>

const getJson = async <T>(client: Asked, path: string, signal: AbortSignal): Promise<T> => {
  const response = await client.raw('GET', path, { headers: { accept: 'application/json' }, signal })
  if (response.status !== 200) throw new Error(`GET ${path}: the server answered ${response.status}`)
  return JSON.parse(response.body.toString('utf8')) as T
}

/** The versions of all groups as they are written, `v1` alone for the one that has no name. */
const groupVersions = async (client: Asked, signal: AbortSignal): Promise<string[]> => {
  const groups = groupsOf(await getJson<ApiGroupList>(client, '/apis', signal))
  return ['v1', ...groups.flatMap(({ name, versions }) => versions.map((version) => `${name}/${version}`))]
}

/**
 * Asks the server what it serves. Throws only when the list of groups itself cannot be read. What is taken away while it
 * asks is not served, and no failure.
 */
// client-go discovery/discovery_client.go ServerGroupsAndResources
export const discover = async (client: Asked, signal: AbortSignal): Promise<Discovery> => {
  const versions = await groupVersions(client, signal)
  const discovery: Discovery = { resources: [], failures: [] }
  const lists = await Promise.allSettled(
    versions.map((each) => getJson<ApiResourceList>(client, each === 'v1' ? '/api/v1' : `/apis/${each}`, signal)),
  )
  lists.forEach((list, index) => {
    const groupVersion = versions[index] ?? ''
    const [version = '', group = ''] = groupVersion.split('/').toReversed()
    if (list.status === 'fulfilled') discovery.resources.push(...resourcesOf(group, version, list.value))
    else discovery.failures.push({ groupVersion, message: messageOf(list.reason) })
  })
  signal.throwIfAborted()
  if (discovery.failures.length === 0) return discovery
  const still = new Set(await groupVersions(client, signal))
  return { ...discovery, failures: discovery.failures.filter(({ groupVersion }) => still.has(groupVersion)) }
}

import { leases } from '../api/resources.gen.ts'
import type { Client } from '../client/client.ts'
import type { ResourceRef } from '../machinery/object.ts'
import { realClock } from '../process/clock.ts'

/**
 * The objects but Leases that are written, made or deleted in this time, in which nothing is asked for: none in a
 * cluster at rest. It is not etcd's revision that is looked at: a consistent read may move it on a slow machine.
 */
export async function writesWithin(client: Client, ms: number): Promise<string[]> {
  const before = await versions(client)
  await realClock.sleep(ms) // how long it is quiet is what is looked at
  const after = await versions(client)
  const written = [...after.keys()].filter((object) => before.get(object) !== after.get(object))
  const deleted = [...before.keys()].filter((object) => !after.has(object))
  return [...written, ...deleted.map((object) => `${object} (deleted)`)]
}

/** The resourceVersion of each object of any kind but Lease. */
async function versions(client: Client): Promise<Map<string, string | undefined>> {
  const found = new Map<string, string | undefined>()
  for (const ref of await listed(client)) {
    if (ref.plural === leases.plural) continue
    const { items } = await client.list(ref, { metadataOnly: true })
    for (const { metadata } of items) {
      const { namespace = '', name = '', resourceVersion } = metadata
      found.set(`${ref.plural} ${namespace}/${name}`, resourceVersion)
    }
  }
  return found
}

interface ResourceList {
  resources: { name: string; kind: string; verbs: string[]; namespaced: boolean }[]
}

/** All that the server can list, each in its preferred version. */
export async function listed(client: Client): Promise<ResourceRef[]> {
  const read = async <T>(path: string): Promise<T> => JSON.parse((await client.raw('GET', path)).body.toString()) as T
  const { groups } = await read<{ groups: { preferredVersion: { groupVersion: string } }[] }>('/apis')
  const refs: ResourceRef[] = []
  for (const groupVersion of ['v1', ...groups.map(({ preferredVersion }) => preferredVersion.groupVersion)]) {
    const [version = '', group = ''] = groupVersion.split('/').toReversed()
    const { resources } = await read<ResourceList>(group === '' ? '/api/v1' : `/apis/${groupVersion}`)
    for (const { name: plural, kind, verbs, namespaced } of resources)
      if (verbs.includes('list')) refs.push({ group, version, plural, kind, namespaced })
  }
  return refs
}

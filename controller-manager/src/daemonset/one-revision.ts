import { controllerRevisions as revisionsRef, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { ControllerRevision } from '@kubets/shared/api/types/apps-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { removeRevisions } from '../history/keep.ts'
import { equalTo, revisionHashLabel } from '../history/revisions.ts'

interface OneRevision {
  /** Those that are left, in order. */
  readonly history: ControllerRevision[]
  /** A Pod as it is by now, where the cache may have it as it was before. */
  relabelled(pod: Pod): Pod
}

const hashOf = ({ metadata }: ControllerRevision | Pod): string | undefined => metadata.labels?.[revisionHashLabel]

/**
 * Sees to it that one revision alone (of those given, in order) holds the template that `data` puts back: the newest. Pods
 * of the others become that one's, then the others go, so that no Pod is replaced by its equal. A revision that came
 * without a hash is known by its name from now on. Throws when the API server refuses.
 */
// pkg/controller/daemon/update.go constructHistory, dedupCurHistories
export const oneRevision = async (
  client: Client,
  data: Record<string, unknown>,
  revisions: readonly ControllerRevision[],
  ownPods: () => Promise<Pod[]>,
  signal: AbortSignal,
): Promise<OneRevision> => {
  const named = await Promise.all(revisions.map((revision) => withHash(client, revision, signal)))
  const equal = equalTo(named, data)
  const kept = equal.at(-1)
  const others = equal.slice(0, -1)
  const hash = kept && hashOf(kept)
  if (others.length === 0 || hash === undefined) return { history: named, relabelled: (pod) => pod }
  const hashes = new Set(others.map(hashOf).filter((one) => one !== hash))
  const ofOthers = (await ownPods()).filter((pod) => hashes.has(hashOf(pod)))
  await Promise.all(ofOthers.map((pod) => relabel(client, pod, hash, signal)))
  await removeRevisions(client, others, signal)
  return {
    history: named.filter((one) => !others.includes(one)),
    relabelled: (pod) => (hashes.has(hashOf(pod)) ? labelled(pod, hash) : pod),
  }
}

const labelled = <T extends ControllerRevision | Pod>(object: T, hash: string): T => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, [revisionHashLabel]: hash } },
})

const withHash = async (
  client: Client,
  revision: ControllerRevision,
  signal: AbortSignal,
): Promise<ControllerRevision> => {
  if (hashOf(revision) !== undefined) return revision
  return client.update(revisionsRef, labelled(revision, revision.metadata.name ?? ''), { signal })
}

/** One that is gone is no error. */
const relabel = async (client: Client, pod: Pod, hash: string, signal: AbortSignal): Promise<void> => {
  const { name = '', namespace, uid } = pod.metadata
  const patch = { metadata: { uid, labels: { [revisionHashLabel]: hash } } }
  try {
    await client.patch(podsRef, name, patch, { type: 'strategic', namespace, signal })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

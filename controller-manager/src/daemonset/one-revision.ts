import { controllerRevisions as revisionsRef, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { ControllerRevision } from '@kubets/shared/api/types/apps-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { removeRevisions } from '../history/keep.ts'
import { equalTo, revisionHashLabel } from '../history/revisions.ts'

export interface History {
  readonly revisions: ControllerRevision[]
  readonly pods: Pod[]
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
  { revisions, pods }: History,
  signal: AbortSignal,
): Promise<History> => {
  const named = await Promise.all(revisions.map((revision) => withHash(client, revision, signal)))
  const equal = equalTo(named, data)
  const kept = equal.at(-1)
  const others = equal.slice(0, -1)
  const hash = kept && hashOf(kept)
  if (others.length === 0 || hash === undefined) return { revisions: named, pods }
  const hashes = new Set(others.map(hashOf))
  const relabelled = await Promise.all(
    pods.map(async (pod) => (hashes.has(hashOf(pod)) ? relabel(client, pod, hash, signal) : pod)),
  )
  await removeRevisions(client, others, signal)
  return { revisions: named.filter((one) => !others.includes(one)), pods: relabelled }
}

const withHash = async (
  client: Client,
  revision: ControllerRevision,
  signal: AbortSignal,
): Promise<ControllerRevision> => {
  const { name = '', labels } = revision.metadata
  if (hashOf(revision) !== undefined) return revision
  const metadata = { ...revision.metadata, labels: { ...labels, [revisionHashLabel]: name } }
  return client.update(revisionsRef, { ...revision, metadata }, { signal })
}

/** The Pod as it is then; one that is gone stays as it was seen. */
const relabel = async (client: Client, pod: Pod, hash: string, signal: AbortSignal): Promise<Pod> => {
  const { name = '', namespace, uid } = pod.metadata
  const patch = { metadata: { uid, labels: { [revisionHashLabel]: hash } } }
  try {
    return await client.patch(podsRef, name, patch, { type: 'strategic', namespace, signal })
  } catch (error) {
    if (isNotFound(error)) return pod
    throw error
  }
}

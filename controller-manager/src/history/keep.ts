import { controllerRevisions as ref } from '@kubets/shared/api/resources.gen.ts'
import type { ControllerRevision } from '@kubets/shared/api/types/apps-v1.ts'
import type { PodTemplateSpec } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isAlreadyExists, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { controllerOf, newControllerRef } from '@kubets/shared/machinery/object.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { templateHash } from '../pods/template-hash.ts'
import { planRevision, templatePatch } from './revisions.ts'

/** Whose history it is. */
export interface HistoryOwner {
  owner: KubeObject
  ref: ResourceRef
  template: PodTemplateSpec
  /** How often a name was taken already. */
  collisionCount: number
  /** The label that carries the hash on a revision. */
  hashLabel: string
}

// Room for the hash in a name of 253 characters.
// pkg/controller/history/controller_history.go ControllerRevisionName
const longestPrefix = 223

// Every try has another hash; that many names are never taken by chance.
const mostTries = 20

/**
 * Sees to it that the newest of the owner's revisions (given in order) holds its template. Answers with that revision
 * and how often a name was taken. Throws when the API server refuses.
 */
// pkg/controller/daemon/update.go constructHistory, pkg/controller/history/controller_history.go CreateControllerRevision
export const keepRevision = async (
  client: Client,
  of: HistoryOwner,
  revisions: readonly ControllerRevision[],
  signal: AbortSignal,
): Promise<{ revision: ControllerRevision; collisionCount: number }> => {
  const { namespace } = of.owner.metadata
  const planned = planRevision(revisions, templatePatch(of.template))
  switch (planned.kind) {
    case 'keep':
      return { revision: planned.revision, collisionCount: of.collisionCount }
    case 'renumber': {
      const renumbered = { ...planned.revision, revision: planned.number }
      return { revision: await client.update(ref, renumbered, { signal }), collisionCount: of.collisionCount }
    }
    case 'create':
      for (let tries = 0; tries < mostTries; tries++) {
        const collisionCount = of.collisionCount + tries
        const wanted = newRevision(of, planned.number, collisionCount)
        try {
          return { revision: await client.create(ref, wanted, { namespace, signal }), collisionCount }
        } catch (error) {
          if (!isAlreadyExists(error)) throw error
          // written before, and not in the cache yet
          const there = await client.get(ref, wanted.metadata.name ?? '', { namespace, signal })
          const isOwn = controllerOf(there)?.uid === of.owner.metadata.uid
          if (isOwn && deepEqual(there.data, wanted.data)) return { revision: there, collisionCount }
        }
      }
      throw new Error(`no name is free for a revision of ${namespace}/${of.owner.metadata.name}`)
  }
}

const newRevision = (of: HistoryOwner, revision: number, collisionCount: number): ControllerRevision => {
  const { name = '', namespace, annotations } = of.owner.metadata
  const hash = templateHash(of.template, collisionCount)
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name.slice(0, longestPrefix)}-${hash}`,
      namespace,
      labels: { ...of.template.metadata?.labels, [of.hashLabel]: hash },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [newControllerRef(of.owner, of.ref)],
    },
    data: templatePatch(of.template),
    revision,
  }
}

/** Deletes revisions; one that is gone is no error. */
export const removeRevisions = async (
  client: Client,
  revisions: readonly ControllerRevision[],
  signal: AbortSignal,
): Promise<void> => {
  for (const { metadata } of revisions) {
    try {
      await client.delete(ref, metadata.name ?? '', { namespace: metadata.namespace, signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

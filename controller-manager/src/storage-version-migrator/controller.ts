import { customResourceDefinitions, storageVersionMigrations } from '@kubets/shared/api/resources.gen.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionStatus,
} from '@kubets/shared/api/types/apiextensions-v1.ts'
import type { StorageVersionMigration } from '@kubets/shared/api/types/storagemigration-v1beta1.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { preferred, supports } from '../discovery/resources.ts'
import { messageOf } from '../failure.ts'
import { runLoop } from '../run-loop.ts'
import { updateStatus } from '../status.ts'
import { migrated, migrating } from './definition.ts'
import { begun, ended, isNewer, mayPass, plan, resourceName } from './plan.ts'

const name = 'storage-version-migrator-controller'
// pkg/controller/storageversionmigrator/storageversionmigrator.go
const workers = 5
const pageSize = 500
/** No migration's name: stands for one that was deleted. */
const gone = ''

const isMigration = ({ group, plural }: ResourceRef): boolean =>
  group === storageVersionMigrations.group && plural === storageVersionMigrations.plural

const start = (context: ControllerContext): Run => {
  const { client, clock, everything } = context
  const queue = context.queue(name)
  /** What can be rewritten, as `plural.group`. */
  let served: ReadonlyMap<string, ResourceRef> = new Map()

  // the kind is beta and served on demand only: there is nothing to watch until it is
  everything.addHandler({
    discovered: (resources) => {
      const usable = preferred(resources).filter((resource) => supports(resource, 'list', 'patch'))
      served = new Map(usable.map(({ ref }) => [`${ref.plural}.${ref.group}`, ref]))
    },
    put: ({ metadata }, ref) => {
      if (isMigration(ref)) queue.add(metadata.name ?? '')
    },
    remove: (_uid, _namespace, ref) => {
      if (isMigration(ref)) queue.add(gone)
    },
  })

  /** Writes what `next` makes of the status of the resource's definition, where it is a custom one. */
  const tellDefinition = async (
    migration: StorageVersionMigration,
    next: (crd: CustomResourceDefinition) => CustomResourceDefinitionStatus,
    signal: AbortSignal,
  ): Promise<void> => {
    try {
      const crd = await client.get(customResourceDefinitions, resourceName(migration), { signal })
      const { resourceVersion } = crd.metadata
      const change = { metadata: { resourceVersion }, status: next(crd) }
      const options = { type: 'merge', subresource: 'status', signal } as const
      await client.patch(customResourceDefinitions, resourceName(migration), change, options)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  const write = (migration: StorageVersionMigration, status: StorageVersionMigration['status'], signal: AbortSignal) =>
    updateStatus(client, storageVersionMigrations, { ...migration, ...(status && { status }) }, signal)

  const end = async (
    migration: StorageVersionMigration,
    failure: string | undefined,
    signal: AbortSignal,
  ): Promise<void> => {
    const outcome = failure === undefined ? 'succeeded' : 'failed'
    await tellDefinition(migration, (crd) => migrated(crd, outcome, clock.now()), signal)
    await write(migration, ended(migration.status, failure, clock.now()), signal)
  }

  /** Writes an object as it is, which brings it to the storage version; one that was changed or went needs it no more. */
  const rewrite = async (ref: ResourceRef, { metadata }: KubeObject, signal: AbortSignal): Promise<void> => {
    const { name: own = '', namespace, uid, resourceVersion } = metadata
    try {
      await client.patch(ref, own, { metadata: { uid, resourceVersion } }, { type: 'merge', namespace, signal })
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error
    }
  }

  /** Answers with why it cannot be done, if so. What was rewritten before a restart is newer than `version`. */
  const rewriteAll = async (ref: ResourceRef, version: string, signal: AbortSignal): Promise<string | undefined> => {
    let at: string | undefined
    do {
      const page = await client.list(ref, { limit: pageSize, continue: at, metadataOnly: true, signal })
      for (const object of page.items.filter(({ metadata }) => !isNewer(metadata, version))) {
        try {
          await rewrite(ref, object, signal)
        } catch (error) {
          if (signal.aborted || mayPass(error)) throw error
          return `migration encountered unhandled error: ${messageOf(error)}`
        }
      }
      at = page.metadata.continue
    } while (at)
    return undefined
  }

  /** One has ended: others may have waited for it. */
  const goOn = (all: readonly StorageVersionMigration[]): void => {
    for (const { metadata } of all) queue.add(metadata.name ?? '')
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const { items } = await client.list(storageVersionMigrations, { signal })
    const migration = items.find(({ metadata }) => metadata.name === key)
    if (migration === undefined) return key === gone ? goOn(items) : undefined
    const step = plan(migration, items, served.get(resourceName(migration)), clock.now())
    switch (step.step) {
      case 'nothing':
        return
      case 'begin':
        await tellDefinition(migration, (crd) => migrating(crd, key, clock.now()), signal)
        return write(migration, begun(migration.status, clock.now()), signal)
      case 'mark': {
        const { metadata } = await client.list(step.ref, { limit: 1, metadataOnly: true, signal })
        return write(migration, { ...migration.status, resourceVersion: metadata.resourceVersion ?? '' }, signal)
      }
      case 'rewrite':
        await end(migration, await rewriteAll(step.ref, step.version, signal), signal)
        break
      case 'fail':
        await end(migration, step.message, signal)
        break
      case 'retry':
        throw new Error(step.problem)
    }
    goOn(items)
  }

  const run = runLoop(context, { name, queue, workers, reconcile })
  return async (signal) => {
    // a resource is not unknown only because nobody has asked yet
    await everything.whenReady
    await run(signal)
  }
}

// pkg/controller/storageversionmigrator
export const storageVersionMigratorController: Controller = { name, start }

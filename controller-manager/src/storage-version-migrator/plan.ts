import { setCondition } from '@kubets/shared/api/pod.ts'
import type { StorageVersionMigration } from '@kubets/shared/api/types/storagemigration-v1beta1.ts'
import { StatusError } from '@kubets/shared/machinery/errors.ts'
import type { Condition, ObjectMeta } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { ResourceRef } from '@kubets/shared/machinery/object.ts'
import { formatTime, parseTime } from '@kubets/shared/machinery/time.ts'

/** So long after a migration was made its resource may still be unknown: discovery is behind. */
// pkg/controller/storageversionmigrator/storageversionmigrator.go sync
const graceMs = 60_000

/** What is to be done next about a migration; what it writes brings the migration here again. */
export type Step =
  | { readonly step: 'nothing' }
  /** It is its turn among those of its resource. */
  | { readonly step: 'begin' }
  /** To write down the version of the resource's list: what is newer needs no rewriting. */
  | { readonly step: 'mark'; readonly ref: ResourceRef }
  | { readonly step: 'rewrite'; readonly ref: ResourceRef; readonly version: string }
  | { readonly step: 'fail'; readonly message: string }
  | { readonly step: 'retry'; readonly problem: string }

type Status = StorageVersionMigration['status']

const isTrue = ({ status }: StorageVersionMigration, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false

const hasEnded = (one: StorageVersionMigration): boolean => isTrue(one, 'Succeeded') || isTrue(one, 'Failed')

/** The group and name of a migration's resource: `widgets.example.com`; of a custom one also its definition's name. */
export const resourceName = ({ spec }: StorageVersionMigration): string =>
  `${spec.resource.resource}.${spec.resource.group}`

// pkg/controller/storageversionmigrator/migrationrunner.go compareSVM
const isBefore = (a: ObjectMeta, b: ObjectMeta): boolean => {
  const [first, second] = [parseTime(a.creationTimestamp ?? '') ?? 0, parseTime(b.creationTimestamp ?? '') ?? 0]
  return first === second ? (a.name ?? '') < (b.name ?? '') : first < second
}

/** What to do about a migration, given all that there are and its resource, if it is served. */
// pkg/controller/storageversionmigrator: migrationrunner.go, resourceversion.go, storageversionmigrator.go
export const plan = (
  migration: StorageVersionMigration,
  all: readonly StorageVersionMigration[],
  ref: ResourceRef | undefined,
  now: number,
): Step => {
  if (hasEnded(migration)) return { step: 'nothing' }
  if (!isTrue(migration, 'Running')) {
    const others = all.filter((one) => resourceName(one) === resourceName(migration) && !hasEnded(one))
    const isTaken = others.some((one) => isTrue(one, 'Running') || isBefore(one.metadata, migration.metadata))
    return { step: isTaken ? 'nothing' : 'begin' }
  }
  if (ref === undefined) {
    const age = now - (parseTime(migration.metadata.creationTimestamp ?? '') ?? now)
    if (age < graceMs) return { step: 'retry', problem: `the server has no resource ${resourceName(migration)} yet` }
    return { step: 'fail', message: 'resource does not exist in discovery' }
  }
  const version = migration.status?.resourceVersion ?? ''
  return version === '' ? { step: 'mark', ref } : { step: 'rewrite', ref, version }
}

/** Tells whether an object was last written after that version of the resource's list, and so in today's storage version. */
// apimachinery/pkg/util/resourceversion/resourceversion.go CompareResourceVersion
export const isNewer = ({ resourceVersion = '' }: ObjectMeta, version: string): boolean =>
  resourceVersion.length === version.length ? resourceVersion > version : resourceVersion.length > version.length

/** Tells whether what an object's rewriting met may pass: else the migration has failed. */
// pkg/controller/storageversionmigrator/storageversionmigrator.go isRetriableError
export const mayPass = (error: unknown): boolean =>
  !(error instanceof StatusError) || error.code === 429 || error.code >= 500

const withCondition = (status: Status, condition: Omit<Condition, 'lastTransitionTime'>, now: number): Condition[] =>
  setCondition<Condition>(status?.conditions, { ...condition, lastTransitionTime: formatTime(now) }, now)

/** The status of a migration whose turn it is. */
// pkg/controller/storageversionmigrator/migrationrunner.go markAsActive
export const begun = (status: Status, now: number): Status => ({
  ...status,
  conditions: withCondition(
    status,
    { type: 'Running', status: 'True', reason: 'MigrationRunning', message: 'The migration is running' },
    now,
  ),
})

/** The status of a migration that has ended, well or with what went wrong. */
// pkg/controller/storageversionmigrator/storageversionmigrator.go, migrationrunner.go cleanupAdmission
export const ended = (status: Status, failure: string | undefined, now: number): Status => {
  const conditions = withCondition(
    status,
    { type: 'Running', status: 'False', reason: 'MigrationCompleted', message: 'Migration completed' },
    now,
  )
  const end: Omit<Condition, 'lastTransitionTime'> =
    failure === undefined
      ? { type: 'Succeeded', status: 'True', reason: 'StorageVersionMigrationSucceeded', message: '' }
      : { type: 'Failed', status: 'True', reason: 'StorageVersionMigrationFailed', message: failure }
  return { ...status, conditions: withCondition({ conditions }, end, now) }
}

import { setCondition } from '@kubets/shared/api/kinds/apiextensions/customresourcedefinitions/conditions.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionStatus,
} from '@kubets/shared/api/types/apiextensions-v1.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'

const type = 'StorageMigrating'

const emptyStatus = { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: [] }

/** The status of a custom kind's definition whose objects are about to be rewritten by the migration of this name. */
// pkg/controller/storageversionmigrator/migrationrunner.go markAsActive
export const migrating = (crd: CustomResourceDefinition, name: string, now: number): CustomResourceDefinitionStatus => {
  const status = clone(crd.status ?? emptyStatus)
  const message = `Migration ${name} is running`
  setCondition(status, { type, status: 'True', reason: 'MigrationRunning', message, ...generationOf(crd) }, now)
  return status
}

/** Its status after that; the versions that nothing is stored in any more are gone, unless the definition has changed. */
// pkg/controller/storageversionmigrator/migrationrunner.go finishCRDMigration
export const migrated = (
  crd: CustomResourceDefinition,
  outcome: 'succeeded' | 'failed',
  now: number,
): CustomResourceDefinitionStatus => {
  const status = clone(crd.status ?? emptyStatus)
  const began = status.conditions?.find((condition) => condition.type === type)
  const isSame = began !== undefined && began.observedGeneration === crd.metadata.generation
  const stored = isSame
    ? ' and the stored versions have been updated'
    : ' but the stored versions have not been updated due to a generation mismatch'
  const told =
    outcome === 'succeeded'
      ? { reason: 'MigrationSucceeded', message: `The migration has succeeded${stored}` }
      : { reason: 'MigrationFailed', message: 'The migration has failed' }
  setCondition(status, { type, status: 'False', ...told, ...generationOf(crd) }, now)
  if (isSame && outcome === 'succeeded')
    status.storedVersions = crd.spec.versions.filter(({ storage }) => storage).map(({ name }) => name)
  return status
}

const generationOf = ({ metadata: { generation } }: CustomResourceDefinition): { observedGeneration?: number } =>
  generation === undefined ? {} : { observedGeneration: generation }

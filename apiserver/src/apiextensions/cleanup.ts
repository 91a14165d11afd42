import {
  cleanupFinalizer,
  isTrue,
  setCondition,
} from '@kubets/shared/api/kinds/apiextensions/customresourcedefinitions/conditions.ts'
import { customResourceDefinition } from '@kubets/shared/api/kinds/apiextensions/customresourcedefinitions/kind.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { CustomResourceDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { internalScope } from '../auth/lookup.ts'
import type { Registry } from '../registry/types.ts'

const pollMilliseconds = 200
// apiextensions-apiserver/pkg/controller/finalizer/crd_finalizer.go deleteInstances
const waitMilliseconds = 60_000

interface Outcome {
  status: 'True' | 'False'
  reason: string
  message: string
}

/**
 * Deletes all objects of a definition on its way out, then lets it go. Rejects when that does not work yet; the definition
 * says why. `storageKind` is undefined when it was never served.
 */
// apiextensions-apiserver/pkg/controller/finalizer/crd_finalizer.go sync
export async function cleanUp(
  crd: CustomResourceDefinition,
  storageKind: Kind | undefined,
  registry: Registry,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const tell = (outcome: Outcome): Promise<void> =>
    update(crd, registry, signal, (current) => {
      setCondition(
        (current.status ??= { conditions: [], acceptedNames: crd.spec.names, storedVersions: [] }),
        { type: 'Terminating', ...outcome },
        clock.now(),
      )
    })
  let last: Outcome = { status: 'False', reason: 'NeverEstablished', message: 'resource was never established' }
  if (storageKind && isTrue(crd, 'Established')) {
    await tell({
      status: 'True',
      reason: 'InstanceDeletionInProgress',
      message: 'CustomResource deletion is in progress',
    })
    last = await deleteInstances(storageKind, registry, clock, signal)
  }
  await tell(last)
  if (last.status === 'True') throw new Error(last.message)
  await update(
    crd,
    registry,
    signal,
    ({ metadata }) => {
      metadata.finalizers = (metadata.finalizers ?? []).filter((name) => name !== cleanupFinalizer)
    },
    '',
  )
}

async function update(
  { metadata }: CustomResourceDefinition,
  registry: Registry,
  signal: AbortSignal,
  change: (crd: CustomResourceDefinition) => void,
  subresource: '' | 'status' = 'status',
): Promise<void> {
  const scope = internalScope(customResourceDefinition, signal)
  try {
    await registry.update(
      scope,
      metadata.name ?? '',
      (current) => {
        change(current as CustomResourceDefinition)
        return current
      },
      { subresource },
    )
  } catch (error) {
    // gone, or changed: its event comes, and it is looked at again
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}

async function deleteInstances(kind: Kind, registry: Registry, clock: Clock, signal: AbortSignal): Promise<Outcome> {
  const scope = internalScope(kind, signal)
  const list = async (): Promise<readonly KubeObject[]> =>
    (await registry.list(scope)).items.map(({ object }) => object)
  const failed = (reason: string, message: string): Outcome => ({ status: 'True', reason, message })
  let objects: readonly KubeObject[]
  try {
    objects = await list()
  } catch (error) {
    return failed('InstanceDeletionFailed', `could not list instances: ${textOf(error)}`)
  }
  try {
    for (const namespace of new Set(objects.map(({ metadata }) => metadata.namespace)))
      await registry.deleteCollection(internalScope(kind, signal, namespace), {})
  } catch (error) {
    return failed('InstanceDeletionFailed', `could not issue all deletes: ${textOf(error)}`)
  }
  try {
    const end = clock.elapsed() + waitMilliseconds
    while ((await list()).length > 0) {
      if (clock.elapsed() > end) throw new Error('timed out waiting for the condition')
      await clock.sleep(pollMilliseconds, signal)
    }
  } catch (error) {
    const text = `could not confirm zero CustomResources remaining: ${textOf(error)}`
    return failed('InstanceDeletionCheck', text)
  }
  return { status: 'False', reason: 'InstanceDeletionCompleted', message: 'removed all instances' }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

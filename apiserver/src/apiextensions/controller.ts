import { cleanupFinalizer } from '@kubets/shared/api/kinds/apiextensions/customresourcedefinitions/conditions.ts'
import { customResourceDefinition } from '@kubets/shared/api/kinds/apiextensions/customresourcedefinitions/kind.ts'
import type { CustomResourceDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { internalScope } from '../auth/lookup.ts'
import type { Registry } from '../registry/types.ts'
import { ProblemLog } from '../storage/problem-log.ts'
import { cleanUp } from './cleanup.ts'
import { nextStatus } from './conditions.ts'
import type { Definitions } from './definitions.ts'

const retryMilliseconds = 1000
/** So often all of it is looked at without a reason, in case that something was missed or failed. */
const lookMilliseconds = 30_000

export interface ControllerOptions {
  registry: Registry
  definitions: Definitions
  clock: Clock
  log: Logger
}

/**
 * Keeps the kinds served and the statuses of definitions as they should be, until the signal aborts; never rejects. Several
 * apiservers may do so at once: each computes from what is stored, and who is late finds nothing left to do.
 */
// apiextensions-apiserver/pkg/apiserver/apiserver.go: the controllers started there
export async function runDefinitions(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { registry, definitions, clock, log } = options
  const problems = new ProblemLog(log, 'keep custom resource definitions')
  const cleaning = new Map<string, Promise<void>>()
  while (!signal.aborted) {
    const look = new AbortController()
    const cancel = clock.timer(lookMilliseconds, () => look.abort())
    try {
      const scope = internalScope(customResourceDefinition, AbortSignal.any([signal, look.signal]))
      for await (const changes of await registry.watch(scope)) {
        if (changes.length === 0) continue
        definitions.sync()
        await keepStatuses(options, signal)
        startCleaning(options, cleaning, signal)
        problems.succeeded()
      }
      definitions.sync()
    } catch (error) {
      if (!signal.aborted) problems.failed(error)
      await clock.sleep(retryMilliseconds, signal).catch(() => undefined)
    } finally {
      cancel()
    }
  }
  await Promise.all(cleaning.values())
}

async function keepStatuses({ registry, definitions, clock }: ControllerOptions, signal: AbortSignal): Promise<void> {
  const scope = internalScope(customResourceDefinition, signal)
  const plan = (crd: CustomResourceDefinition) => {
    const others = definitions
      .list()
      .filter(({ spec, metadata }) => spec.group === crd.spec.group && metadata.name !== crd.metadata.name)
    return nextStatus(crd, others, clock.now())
  }
  for (const { metadata } of definitions.list()) {
    const name = metadata.name ?? ''
    // each sees the names that the one before it got
    const crd = definitions.list().find((one) => one.metadata.name === name)
    if (!crd || plan(crd) === crd.status) continue
    try {
      await registry.update(
        scope,
        name,
        (current) => ({ ...current, status: plan(current as CustomResourceDefinition) }) as typeof current,
        { subresource: 'status' },
      )
      // a consistent read: the cache has our write when it answers
      await registry.get(scope, name)
      definitions.sync()
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }
}

/** Deletion may take long, and one definition's must not hold up another's. */
function startCleaning(
  { registry, definitions, clock, log }: ControllerOptions,
  cleaning: Map<string, Promise<void>>,
  signal: AbortSignal,
): void {
  for (const crd of definitions.list()) {
    const { uid = '', deletionTimestamp, finalizers } = crd.metadata
    if (!deletionTimestamp || !finalizers?.includes(cleanupFinalizer) || cleaning.has(uid)) continue
    const clean = (): Promise<void> => cleanUp(crd, definitions.storageKind(crd), registry, clock, signal)
    const problems = new ProblemLog(log, `delete all objects of ${crd.metadata.name ?? ''}`)
    const work = untilDone(clean, problems, clock, signal).finally(() => cleaning.delete(uid))
    cleaning.set(uid, work)
  }
}

async function untilDone(
  step: () => Promise<void>,
  problems: ProblemLog,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await step()
      return
    } catch (error) {
      if (!signal.aborted) problems.failed(error)
    }
    await clock.sleep(retryMilliseconds, signal).catch(() => undefined)
  }
}

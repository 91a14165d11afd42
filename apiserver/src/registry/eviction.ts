import { podDisruptionBudget } from '@kubets/shared/api/kinds/policy/poddisruptionbudgets/kind.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodDisruptionBudget } from '@kubets/shared/api/types/policy-v1.ts'
import { badRequest, internal, tooManyRequests } from '@kubets/shared/machinery/errors.ts'
import type { DeleteOptions } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { Encoded } from '../storage/types.ts'
import { mutate, validate } from './admit.ts'
import { commit } from './commit.ts'
import type { Context } from './context.ts'
import { remove } from './delete.ts'
import { needsNoBudget, spendBudget } from './eviction-rules.ts'
import { get } from './read.ts'
import { resourceOf } from './stored.ts'
import type { RequestScope } from './types.ts'
import { update } from './update.ts'

// pkg/registry/core/pod/storage/eviction.go EvictionsRetry
const maxAttempts = 20

/** Deletes a Pod if its disruption budget allows it. Rejects with 429 when it does not. */
// pkg/registry/core/pod/storage/eviction.go EvictionREST.Create
export async function evictPod(context: Context, scope: RequestScope, name: string, object: KubeObject): Promise<void> {
  const eviction = object as KubeObject & { deleteOptions?: DeleteOptions }
  if (eviction.metadata.name !== undefined && eviction.metadata.name !== name)
    throw badRequest('name in URL does not match name in Eviction object')
  const admitted = { operation: 'CREATE' as const, name, subresource: 'eviction', object: eviction }
  await mutate(scope, admitted)
  await validate(scope, admitted)
  const dryRun = scope.dryRun || (eviction.deleteOptions?.dryRun?.includes('All') ?? false)
  const evicting = { ...scope, dryRun }
  const pod = (await get(context.storage, scope, name)).object as Pod
  if (!needsNoBudget(pod)) {
    await spend(context, evicting, pod)
    await markDisrupted(context, evicting, name)
  }
  await remove(context, evicting, name, eviction.deleteOptions)
}

async function spend(context: Context, scope: RequestScope, pod: Pod): Promise<void> {
  const budgetScope = { ...scope, kind: podDisruptionBudget }
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const old = budgetOf(context, scope, pod)
    if (!old) return
    const next = spendBudget(old.object as PodDisruptionBudget, pod, context.clock.now())
    if (!next) return
    const result = await commit(context, budgetScope, { name: next.metadata.name ?? '', old, next })
    if (result.committed) return
    // another eviction, or the controller, was quicker: look again when the cache has seen it
    await context.storage.cache.fresh(scope.signal)
  }
  throw tooManyRequests("couldn't update PodDisruptionBudget due to conflicts", 10)
}

function budgetOf({ storage }: Context, scope: RequestScope, pod: Pod): Encoded | undefined {
  const budgets = [...storage.resource(resourceOf(podDisruptionBudget)).under(`${scope.namespace ?? ''}/`)].filter(
    ({ object }) => labelSelectorFromObject((object as PodDisruptionBudget).spec.selector).matches(pod.metadata.labels),
  )
  if (budgets.length > 1)
    throw internal(
      new Error('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'),
    )
  return budgets[0]
}

// pkg/registry/core/pod/storage/eviction.go addConditionAndDeletePod
async function markDisrupted(context: Context, scope: RequestScope, name: string): Promise<void> {
  const lastTransitionTime = formatTime(context.clock.now())
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime,
  }
  const unadmitted = { ...scope }
  delete unadmitted.admission
  await update(
    context,
    unadmitted,
    name,
    (object) => {
      const pod = object as Pod
      const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget')
      return { ...pod, status: { ...pod.status, conditions: [...others, condition] } }
    },
    { subresource: 'status' },
  )
}

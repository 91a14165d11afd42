import type { Binding, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { badRequest, conflict, invalid } from '@kubets/shared/machinery/errors.ts'
import { notSupported, required, type FieldError } from '@kubets/shared/machinery/fieldpath.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import { mutate, validate } from './admit.ts'
import { commit } from './commit.ts'
import type { Context } from './context.ts'
import { lockMessage, uidMessage } from './metadata.ts'
import { keyOf, missing, resourceOf } from './stored.ts'
import type { RequestScope } from './types.ts'

const maxAttempts = 20

/** Gives a Pod its node, once in its life. Rejects with 409 when it has one, or is going. */
// pkg/registry/core/pod/storage/storage.go BindingREST
export async function bindPod(context: Context, scope: RequestScope, name: string, object: KubeObject): Promise<void> {
  const binding = object as Binding
  const { kind } = scope
  if (binding.metadata.name !== name) throw badRequest('name in URL does not match name in Binding object')
  checkBinding(binding)
  const admitted = { operation: 'CREATE' as const, name, subresource: 'binding', object: binding }
  await mutate(scope, admitted)
  await validate(scope, admitted)
  const { storage } = context
  const resource = resourceOf(kind)
  const key = keyOf(scope, name)
  let certain = false
  let old = storage.resource(resource).get(key)
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const problem = old ? refusal(old.object as Pod, binding) : 'missing'
    if (old && problem === undefined) {
      const next = bound(old.object as Pod, binding, context.clock.now())
      const result = await commit(context, scope, { name, old, next })
      if (result.committed) return
      old = result.current
      certain = true
    } else if (certain) {
      if (!old || problem === undefined) throw missing(kind, name)
      throw conflict({ group: '', plural: 'pods/binding' }, name, problem)
    } else {
      old = await storage.read(resource, key)
      certain = true
    }
  }
  throw conflict(kind, name, lockMessage)
}

// pkg/apis/core/validation/validation.go ValidatePodBinding
function checkBinding(binding: Binding): void {
  const errors: FieldError[] = []
  const { kind = '', name = '' } = binding.target
  if (kind !== '' && kind !== 'Node') errors.push(notSupported('target.kind', kind, ['Node', '<empty>']))
  if (name === '') errors.push(required('target.name'))
  if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, binding.metadata.name ?? '', errors)
}

/** Why a Pod cannot be bound; undefined: it can. */
// pkg/registry/core/pod/storage/storage.go setPodNodeAndMetadata
export function refusal(pod: Pod, { metadata }: Binding): string | undefined {
  const name = pod.metadata.name ?? ''
  if (metadata.uid && metadata.uid !== pod.metadata.uid) return uidMessage(metadata.uid, pod.metadata.uid ?? '')
  if (pod.metadata.deletionTimestamp) return `pod ${name} is being deleted, cannot be assigned to a host`
  if (pod.spec.nodeName) return `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`
  if (pod.spec.schedulingGates?.length) return `pod ${name} has non-empty .spec.schedulingGates`
  return undefined
}

function bound(pod: Pod, binding: Binding, now: number): Pod {
  // what it waited for is fulfilled: ClearingNominatedNodeNameAfterBinding
  const { nominatedNodeName: _, ...status } = pod.status ?? {}
  const conditions = status.conditions ?? []
  const before = conditions.find(({ type }) => type === 'PodScheduled')
  const lastTransitionTime = before?.status === 'True' ? before.lastTransitionTime : formatTime(now)
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
  }
  const { annotations, labels } = binding.metadata
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(annotations ? { annotations: { ...pod.metadata.annotations, ...annotations } } : {}),
      ...(labels ? { labels: { ...pod.metadata.labels, ...labels } } : {}),
    },
    spec: { ...pod.spec, nodeName: binding.target.name ?? '' },
    status: { ...status, conditions: [...conditions.filter(({ type }) => type !== 'PodScheduled'), scheduled] },
  }
}

import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { validateMetaUpdate } from '@kubets/shared/api/kinds/meta.ts'
import {
  prepareForStatusUpdate,
  prepareForUpdate,
  validateStatusUpdate,
  validateUpdate,
} from '@kubets/shared/api/kinds/strategy.ts'
import { clone, deepEqual } from '@kubets/shared/machinery/deep.ts'
import { forbidden, type FieldError } from '@kubets/shared/machinery/fieldpath.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { UpdateSubresource } from './types.ts'

/** What an update through one path may change, and what is checked. */
export interface UpdateStrategy {
  /** In place: everything that this path may not change is taken from `old`. */
  prepare(kind: Kind, object: KubeObject, old: KubeObject): void
  validate(kind: Kind, object: KubeObject, old: KubeObject): FieldError[]
}

type Fields = Record<string, unknown>

/** Leaves of `object` only the field at `path`; all else but the resourceVersion is as in `old`. */
function onlyField(...path: readonly string[]) {
  return (_kind: Kind, object: KubeObject, old: KubeObject): void => {
    const wanted = path.reduce<unknown>((value, field) => (value as Fields | undefined)?.[field], object)
    const { resourceVersion } = object.metadata
    for (const field of Object.keys(object)) delete (object as unknown as Fields)[field]
    Object.assign(object, clone(old))
    if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion
    let parent = object as unknown as Fields
    for (const field of path.slice(0, -1)) parent = (parent[field] ??= {}) as Fields
    const last = path.at(-1) ?? ''
    if (wanted === undefined) delete parent[last]
    else parent[last] = clone(wanted)
  }
}

const metadataOnly = (_kind: Kind, object: KubeObject, old: KubeObject): FieldError[] =>
  validateMetaUpdate(object.metadata, old.metadata)

interface Container extends Fields {
  name?: string
  resources?: unknown
  resizePolicy?: unknown
}
type PodLike = KubeObject & {
  spec: Record<'containers' | 'initContainers' | 'ephemeralContainers', Container[] | undefined>
}

// pkg/registry/core/pod/strategy.go podResizeStrategy
function onlyResources(_kind: Kind, object: KubeObject, old: KubeObject): void {
  const wanted = (object as PodLike).spec
  onlyField('metadata', 'resourceVersion')(_kind, object, old)
  for (const list of ['containers', 'initContainers'] as const)
    for (const container of (object as PodLike).spec[list] ?? []) {
      const change = wanted[list]?.find(({ name }) => name === container.name)
      if (change?.resources !== undefined) container.resources = clone(change.resources)
      if (change?.resizePolicy !== undefined) container.resizePolicy = clone(change.resizePolicy)
    }
  if (!deepEqual((object as PodLike).spec, (old as PodLike).spec) && object.metadata.generation !== undefined)
    object.metadata.generation++
}

// pkg/apis/core/validation/validation.go ValidatePodEphemeralContainersUpdate
function validateEphemeral(kind: Kind, object: KubeObject, old: KubeObject): FieldError[] {
  const errors = metadataOnly(kind, object, old)
  const now = (object as PodLike).spec.ephemeralContainers ?? []
  for (const before of (old as PodLike).spec.ephemeralContainers ?? []) {
    const same = now.find(({ name }) => name === before.name)
    if (!same)
      errors.push(
        forbidden(
          'spec.ephemeralContainers',
          `existing ephemeral containers ${JSON.stringify(before.name)} may not be removed\n`,
        ),
      )
    else if (!deepEqual(same, before))
      errors.push(
        forbidden(
          'spec.ephemeralContainers',
          `existing ephemeral containers ${JSON.stringify(before.name)} may not be changed\n`,
        ),
      )
  }
  return [...errors, ...(kind.validate?.(object) ?? [])]
}

const whole: UpdateStrategy = { prepare: prepareForUpdate, validate: validateUpdate }

const strategies: Record<UpdateSubresource, UpdateStrategy> = {
  '': whole,
  scale: whole,
  status: { prepare: prepareForStatusUpdate, validate: validateStatusUpdate },
  // pkg/registry/core/namespace/strategy.go namespaceFinalizeStrategy
  finalize: { prepare: onlyField('spec', 'finalizers'), validate: metadataOnly },
  // pkg/registry/certificates/certificates/strategy.go csrApprovalStrategy
  approval: { prepare: onlyField('status', 'conditions'), validate: metadataOnly },
  ephemeralcontainers: { prepare: onlyField('spec', 'ephemeralContainers'), validate: validateEphemeral },
  resize: { prepare: onlyResources, validate: metadataOnly },
}

export function strategyFor(subresource: UpdateSubresource): UpdateStrategy {
  return strategies[subresource]
}

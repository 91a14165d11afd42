import type { Kind, SubresourceName } from '@kubets/shared/api/kinds/kind.ts'
import { validateMetaUpdate } from '@kubets/shared/api/kinds/meta.ts'
import {
  prepareForStatusUpdate,
  prepareForUpdate,
  validateStatusUpdate,
  validateUpdate,
} from '@kubets/shared/api/kinds/strategy.ts'
import { clone, deepEqual } from '@kubets/shared/machinery/deep.ts'
import type { FieldError } from '@kubets/shared/machinery/fieldpath.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { UpdateSubresource } from './types.ts'

/** What an update through one path may change, and what is checked. */
export interface UpdateStrategy {
  /** In place: everything that this path may not change is taken from `old`. */
  prepare(kind: Kind, object: KubeObject, old: KubeObject, now: string): void
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

/** Metadata, and what the kind says about this subresource. */
const bySubresource =
  (name: SubresourceName) =>
  (kind: Kind, object: KubeObject, old: KubeObject): FieldError[] => [
    ...validateMetaUpdate(object.metadata, old.metadata),
    ...(kind.validateSubresource?.[name]?.(object, old) ?? []),
  ]

interface Container extends Fields {
  name?: string
  resources?: unknown
  resizePolicy?: unknown
}
type PodLike = KubeObject & {
  spec: Record<'containers' | 'initContainers' | 'ephemeralContainers', Container[] | undefined> & {
    resources?: unknown
  }
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
  if (wanted.resources === undefined) delete (object as PodLike).spec.resources
  else (object as PodLike).spec.resources = clone(wanted.resources)
  countChange(object, old)
}

// pkg/registry/core/pod/strategy.go podEphemeralContainersStrategy
function onlyEphemeral(kind: Kind, object: KubeObject, old: KubeObject): void {
  onlyField('spec', 'ephemeralContainers')(kind, object, old)
  countChange(object, old)
}

function onlyConditions(kind: Kind, object: KubeObject, old: KubeObject, now: string): void {
  onlyField('status', 'conditions')(kind, object, old)
  kind.prepareForSubresource?.approval?.(object, old, now)
}

function countChange(object: KubeObject, old: KubeObject): void {
  if (!deepEqual((object as PodLike).spec, (old as PodLike).spec) && object.metadata.generation !== undefined)
    object.metadata.generation++
}

const whole: UpdateStrategy = { prepare: prepareForUpdate, validate: validateUpdate }

const strategies: Record<UpdateSubresource, UpdateStrategy> = {
  '': whole,
  scale: whole,
  status: { prepare: prepareForStatusUpdate, validate: validateStatusUpdate },
  // pkg/registry/core/namespace/strategy.go namespaceFinalizeStrategy
  finalize: { prepare: onlyField('spec', 'finalizers'), validate: bySubresource('finalize') },
  // pkg/registry/certificates/certificates/strategy.go csrApprovalStrategy
  approval: { prepare: onlyConditions, validate: bySubresource('approval') },
  ephemeralcontainers: {
    prepare: onlyEphemeral,
    validate: bySubresource('ephemeralcontainers'),
  },
  resize: { prepare: onlyResources, validate: bySubresource('resize') },
}

export function strategyFor(subresource: UpdateSubresource): UpdateStrategy {
  return strategies[subresource]
}

import type {
  FlowSchema,
  FlowSchemaCondition,
  PriorityLevelConfiguration,
} from '@kubets/shared/api/types/flowcontrol-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'

type Configured = FlowSchema | PriorityLevelConfiguration

// k8s.io/api/flowcontrol/v1/types.go AutoUpdateAnnotationKey
const autoUpdate = 'apf.kubernetes.io/autoupdate-spec'

/** A new object that is kept as it is, until somebody says otherwise. */
export const created = <T extends Configured>(wanted: T): T => ({
  ...wanted,
  metadata: { ...wanted.metadata, annotations: { [autoUpdate]: 'true' } },
})

/**
 * What is stored, with the wanted spec; undefined when it may stay. Mandatory objects are always mended, the others as
 * long as nobody has changed them or said that they are his.
 */
// pkg/registry/flowcontrol/ensurer/strategy.go
export function mended<T extends Configured>(stored: T, wanted: T, isMandatory: boolean): T | undefined {
  const said = stored.metadata.annotations?.[autoUpdate]
  const keep = said === undefined ? stored.metadata.generation === 1 : said === 'true'
  const annotation = isMandatory || keep ? 'true' : 'false'
  const spec = isMandatory || keep ? ownExempt(stored, wanted, keep) : stored.spec
  if (said === annotation && deepEqual(spec, stored.spec)) return undefined
  const annotations = { ...stored.metadata.annotations, [autoUpdate]: annotation }
  return { ...stored, spec, metadata: { ...stored.metadata, annotations } }
}

/** The numbers of the exempt level are its administrator's. */
function ownExempt<T extends Configured>(stored: T, wanted: T, keep: boolean): T['spec'] {
  if (keep || !('exempt' in stored.spec)) return wanted.spec
  return { ...wanted.spec, exempt: stored.spec.exempt }
}

/** Was it put there by an API server of another version, and is still kept as that wanted it? */
// pkg/registry/flowcontrol/ensurer/ensurer.go RemoveUnwantedObjects
export function isObsolete({ metadata }: Configured, wanted: ReadonlySet<string>): boolean {
  return !wanted.has(metadata.name ?? '') && metadata.annotations?.[autoUpdate] === 'true'
}

/** The schema's conditions as they should be; undefined when they are. `now` is a timestamp of the API. */
// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go syncFlowSchemaStatus
export function danglingConditions(
  { spec, status }: FlowSchema,
  exists: boolean,
  now: string,
): FlowSchemaCondition[] | undefined {
  const level = spec.priorityLevelConfiguration.name
  const named = `This FlowSchema references the PriorityLevelConfiguration object named ${quote(level)}`
  const conditions = status?.conditions ?? []
  const old = conditions.find(({ type }) => type === 'Dangling')
  const next = exists
    ? { status: 'False', reason: 'Found', message: `${named} and it exists` }
    : { status: 'True', reason: 'NotFound', message: `${named} but there is no such object` }
  if (old?.status === next.status && old.reason === next.reason && old.message === next.message) return undefined
  const lastTransitionTime = old?.status === next.status ? (old.lastTransitionTime ?? now) : now
  const condition: FlowSchemaCondition = { type: 'Dangling', lastTransitionTime, ...next }
  return old === undefined ? [...conditions, condition] : conditions.map((one) => (one === old ? condition : one))
}

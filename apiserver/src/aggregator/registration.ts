import type { CustomResourceDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { builtInPriority, customPriority, type Priority } from './priorities.ts'

// kube-aggregator/pkg/controllers/autoregister/autoregister_controller.go AutoRegisterManagedLabel
const managedLabel = 'kube-aggregator.kubernetes.io/automanaged'
/** Looked after when the server starts, and left alone afterwards. */
const onStart = 'onstart'
/** Looked after all the time. */
const continuously = 'true'

export interface GroupVersion {
  group: string
  version: string
}

/** The APIServices of what is built in, each group and version once. */
// pkg/controlplane/apiserver/aggregator.go apiServicesToRegister, makeAPIService
export function builtInServices(served: readonly GroupVersion[]): APIService[] {
  const names = new Map(served.map(({ group, version }) => [`${group}/${version}`, { group, version }]))
  return [...names.values()].flatMap((one) => {
    const priority = builtInPriority(one.group, one.version)
    return priority === undefined ? [] : [localService(one, priority, onStart)]
  })
}

/** The APIServices of custom groups and versions. */
// pkg/controlplane/controller/crdregistration/crdregistration_controller.go handleVersionUpdate
export const customServices = (served: readonly GroupVersion[]): APIService[] =>
  served.map((one) => localService(one, customPriority, continuously))

const localService = ({ group, version }: GroupVersion, priority: Priority, managedAs: string): APIService => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: `${version}.${group}`, labels: { [managedLabel]: managedAs } },
  spec: {
    ...(group === '' ? {} : { group }),
    version,
    groupPriorityMinimum: priority.group,
    versionPriority: priority.version,
  },
})

/** The groups and versions of CustomResourceDefinitions, each once. */
export function customVersions(definitions: Iterable<CustomResourceDefinition>): GroupVersion[] {
  const found = new Map<string, GroupVersion>()
  for (const { spec } of definitions) {
    for (const { name, served } of spec.versions) {
      if (served) found.set(`${spec.group}/${name}`, { group: spec.group, version: name })
    }
  }
  return [...found.values()]
}

export interface Registration {
  create: APIService[]
  /** With what was stored: its labels and resourceVersion are kept. */
  update: APIService[]
  remove: APIService[]
}

/**
 * What to do so that what is stored is what is wanted. `synced` has the names that were looked at before by this process:
 * of those, what is managed at the start only is left alone.
 */
// kube-aggregator/pkg/controllers/autoregister/autoregister_controller.go checkAPIService
export function planRegistration(
  stored: readonly APIService[],
  wanted: readonly APIService[],
  synced: ReadonlySet<string>,
): Registration {
  const plan: Registration = { create: [], update: [], remove: [] }
  const byName = new Map(stored.map((service) => [nameOf(service), service]))
  for (const service of wanted) {
    const there = byName.get(nameOf(service))
    byName.delete(nameOf(service))
    if (managed(there ?? service) === onStart && synced.has(nameOf(service))) continue
    if (there === undefined) plan.create.push(service)
    else if (managed(there) !== '' && !sameSpec(there, service)) plan.update.push(changed(there, service))
  }
  for (const there of byName.values()) {
    const kind = managed(there)
    if (kind === continuously || (kind === onStart && !synced.has(nameOf(there)))) plan.remove.push(there)
  }
  return plan
}

const nameOf = ({ metadata }: APIService): string => metadata.name ?? ''
const managed = ({ metadata }: APIService): string => metadata.labels?.[managedLabel] ?? ''

const sameSpec = (a: APIService, b: APIService): boolean =>
  deepEqual({ ...a.spec, group: a.spec.group ?? '' }, { ...b.spec, group: b.spec.group ?? '' })

const changed = (there: APIService, wanted: APIService): APIService => ({
  ...there,
  metadata: { ...there.metadata, labels: { ...there.metadata.labels, ...wanted.metadata.labels } },
  spec: wanted.spec,
})

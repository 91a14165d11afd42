import { priorityClasses } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PriorityClass } from '@kubets/shared/api/types/scheduling-v1.ts'
import type { Lookup } from '../auth/lookup.ts'
import type { AdmissionRequest } from '../registry/types.ts'
import { isAbout, refuse, type Plugin } from './plugin.ts'

// plugin/pkg/admission/priority/admission.go Plugin
/** Turns a Pod's priority class into its priority, and keeps the global default unique. */
export function priority(lookup: Lookup): Plugin {
  return {
    mutate(request) {
      if (request.subresource !== '' || !isAbout(request.kind, '', 'pods')) return
      const pod = request.object as Pod
      if (request.operation === 'UPDATE') {
        const old = request.old as Pod
        pod.spec.priority ??= old.spec.priority
        pod.spec.preemptionPolicy ??= old.spec.preemptionPolicy
        return
      }
      if (request.operation !== 'CREATE') return
      setPriority(request, pod, lookup.list(priorityClasses))
    },
    validate(request) {
      if (request.operation === 'DELETE' || !isAbout(request.kind, 'scheduling.k8s.io', 'priorityclasses')) return
      const wanted = request.object as PriorityClass
      if (wanted.globalDefault !== true) return
      const other = lookup.list(priorityClasses).find((one) => one.globalDefault === true)
      if (other !== undefined && other.metadata.name !== wanted.metadata.name) {
        const text = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`
        throw refuse(request, text)
      }
    },
  }
}

/** Throws when the class does not exist, or the Pod brings another priority than its class has. */
export function setPriority(request: AdmissionRequest, pod: Pod, classes: readonly PriorityClass[]): void {
  const name = pod.spec.priorityClassName
  const found = name ? classes.find((one) => one.metadata.name === name) : lowestDefault(classes)
  if (name && found === undefined) throw refuse(request, `no PriorityClass with name ${name} was found`)
  if (found !== undefined) pod.spec.priorityClassName = found.metadata.name ?? ''
  const value = found?.value ?? 0
  if (pod.spec.priority !== undefined && pod.spec.priority !== value) {
    throw refuse(
      request,
      `the integer value of priority (${pod.spec.priority}) must not be provided in pod spec; ` +
        `priority admission controller computed ${value} from the given PriorityClass name`,
    )
  }
  pod.spec.priority = value
  const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority'
  if (pod.spec.preemptionPolicy !== undefined && pod.spec.preemptionPolicy !== policy) {
    throw refuse(
      request,
      `the string value of PreemptionPolicy (${pod.spec.preemptionPolicy}) must not be provided in pod spec; ` +
        `priority admission controller computed ${policy} from the given PriorityClass name`,
    )
  }
  pod.spec.preemptionPolicy = policy
}

/** Should there be several defaults after all, the least important one counts. */
function lowestDefault(classes: readonly PriorityClass[]): PriorityClass | undefined {
  return classes.filter((one) => one.globalDefault === true).sort((a, b) => a.value - b.value)[0]
}

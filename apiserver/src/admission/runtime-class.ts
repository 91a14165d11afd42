import { runtimeClasses } from '@kubets/shared/api/resources.gen.ts'
import type { Pod, Toleration } from '@kubets/shared/api/types/core-v1.ts'
import type { RuntimeClass } from '@kubets/shared/api/types/node-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Lookup } from '../auth/lookup.ts'
import type { AdmissionRequest } from '../registry/types.ts'
import { isAbout, refuse, type Plugin } from './plugin.ts'

const otherOverhead = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
const ownOverhead = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'

// plugin/pkg/admission/runtimeclass/admission.go RuntimeClass
/** A Pod of a runtime class carries its overhead, and goes to the nodes that have it. */
export function runtimeClass(lookup: Lookup): Plugin {
  const classOf = async (request: AdmissionRequest): Promise<RuntimeClass | undefined> => {
    const name = (request.object as Pod).spec.runtimeClassName
    if (name === undefined) return undefined
    const found = await lookup.get(runtimeClasses, name)
    if (found === undefined) throw refuse(request, `pod rejected: RuntimeClass ${quote(name)} not found`)
    return found
  }
  return {
    async mutate(request) {
      if (!isPodCreate(request)) return
      const found = await classOf(request)
      if (found === undefined) return
      const problem = applyClass(request.object as Pod, found)
      if (problem !== undefined) throw refuse(request, problem)
    },
    async validate(request) {
      if (!isPodCreate(request)) return
      const overhead = (await classOf(request))?.overhead?.podFixed
      const { spec } = request.object as Pod
      if (overhead === undefined && spec.overhead !== undefined) throw refuse(request, ownOverhead)
      if (overhead !== undefined && !sameAmounts(overhead, spec.overhead)) throw refuse(request, otherOverhead)
    },
  }
}

const isPodCreate = ({ operation, kind, subresource }: AdmissionRequest): boolean =>
  operation === 'CREATE' && subresource === '' && isAbout(kind, '', 'pods')

/** Gives the Pod what its class brings, in place; answers what of the Pod's own speaks against it. */
export function applyClass({ spec }: Pod, { overhead, scheduling }: RuntimeClass): string | undefined {
  if (overhead?.podFixed) {
    if (spec.overhead !== undefined && !sameAmounts(overhead.podFixed, spec.overhead)) return otherOverhead
    spec.overhead = { ...overhead.podFixed }
  }
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key]
    if (own !== undefined && own !== value) {
      return `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`
    }
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value }
  }
  if (scheduling?.tolerations?.length) {
    const own: Toleration[] = spec.tolerations ?? []
    const more = scheduling.tolerations.filter((toleration) => !own.some((one) => deepEqual(one, toleration)))
    spec.tolerations = [...own, ...more]
  }
  return undefined
}

function sameAmounts(a: Record<string, string>, b: Record<string, string> = {}): boolean {
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every(
      (name) => Object.hasOwn(b, name) && parseQuantity(a[name] ?? '').cmp(parseQuantity(b[name] ?? '')) === 0,
    )
  )
}

import { limitRanges } from '@kubets/shared/api/resources.gen.ts'
import type { LimitRange, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { internalScope, kindOfRef, type Lookup } from '../../auth/lookup.ts'
import type { AdmissionRequest, Registry } from '../../registry/types.ts'
import { isAbout, refuse, type Plugin } from '../plugin.ts'
import { applyDefaults, claimProblems, podProblems } from './limits.ts'

// plugin/pkg/admission/limitranger/admission.go LimitRanger
/** Keeps Pods and claims within the LimitRanges of their namespace, and completes Pods with their defaults. */
export function limitRanger(lookup: Lookup, registry: Registry): Plugin {
  const inNamespace = async ({ namespace, signal }: AdmissionRequest): Promise<readonly LimitRange[]> => {
    const cached = lookup.list(limitRanges, namespace)
    if (cached.length > 0) return cached
    // one that was made a moment ago counts already
    const { items } = await registry.list(internalScope(kindOfRef(limitRanges), signal, namespace))
    return items.map(({ object }) => object as LimitRange)
  }
  return {
    async mutate(request) {
      if (!isSubject(request) || !isAbout(request.kind, '', 'pods')) return
      for (const range of await inNamespace(request)) applyDefaults(request.object as Pod, range)
    },
    async validate(request) {
      if (!isSubject(request)) return
      const { kind, object } = request
      for (const range of await inNamespace(request)) {
        const problems = isAbout(kind, '', 'pods')
          ? podProblems(object as Pod, range)
          : claimProblems(object as PersistentVolumeClaim, range)
        const [only, ...others] = new Set(problems)
        if (only !== undefined) throw refuse(request, others.length === 0 ? only : `[${[only, ...others].join(', ')}]`)
      }
    },
  }
}

/** A Pod's resources change with its resize only. What is on its way out is left alone. */
// plugin/pkg/admission/limitranger/admission.go DefaultLimitRangerActions.SupportsAttributes
export function isSubject({ kind, operation, subresource, old }: AdmissionRequest): boolean {
  if (operation === 'DELETE' || old?.metadata.deletionTimestamp !== undefined) return false
  if (isAbout(kind, '', 'pods')) return operation === 'CREATE' ? subresource === '' : subresource === 'resize'
  return isAbout(kind, '', 'persistentvolumeclaims') && subresource === ''
}

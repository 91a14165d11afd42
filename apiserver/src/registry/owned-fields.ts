import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import {
  isEmpty,
  onlyUnder,
  recursiveDifference,
  setOfPaths,
  type FieldSet,
} from '@kubets/shared/machinery/apply/field-set.ts'

// What a request's manager can own: what the server takes from elsewhere, whatever the request says, it cannot.
// pkg/registry/*/strategy.go GetResetFields, GetResetFieldsFilter

const status = setOfPaths(['f:status'])
const spec = setOfPaths(['f:spec'])
const both = setOfPaths(['f:metadata'], ['f:spec'])

/** Beside the rule that the object has no say over its status and status has none over spec; by "group/plural/subresource". */
const exceptions: Readonly<Record<string, FieldSet>> = {
  '/pods/status': setOfPaths(['f:spec'], ['f:metadata', 'f:deletionTimestamp'], ['f:metadata', 'f:ownerReferences']),
  '/namespaces/finalize': status,
  'apps/deployments/status': setOfPaths(['f:spec'], ['f:metadata', 'f:labels']),
  'certificates.k8s.io/certificatesigningrequests/': setOfPaths(['f:spec'], ['f:status']),
  'certificates.k8s.io/certificatesigningrequests/status': setOfPaths(['f:spec'], ['f:status', 'f:conditions']),
  'certificates.k8s.io/certificatesigningrequests/approval': setOfPaths(['f:spec'], ['f:status', 'f:certificate']),
  'apiextensions.k8s.io/customresourcedefinitions/status': both,
  'flowcontrol.apiserver.k8s.io/flowschemas/status': both,
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations/status': both,
  'storage.k8s.io/volumeattachments/status': both,
  'admissionregistration.k8s.io/validatingadmissionpolicies/status': both,
}

/** Subresources of Pods through which nothing else can be changed. */
const patterns: Readonly<Record<string, readonly (readonly string[])[]>> = {
  '/pods/ephemeralcontainers': [['f:spec', 'f:ephemeralContainers']],
  '/pods/resize': [
    ['f:spec', 'f:resources'],
    ...['f:containers', 'f:initContainers'].flatMap((list) =>
      ['f:resources', 'f:resizePolicy'].map((field) => ['f:spec', list, '*', field]),
    ),
  ],
}

/** What is left of a set of fields that a request through this path changes. */
export function mayOwn(kind: Kind, subresource: string, set: FieldSet): FieldSet {
  const place = `${kind.group}/${kind.plural}/${subresource}`
  const only = patterns[place]
  if (only) return onlyUnder(set, only)
  const reset = exceptions[place] ?? usualReset(kind, subresource)
  return reset === undefined || isEmpty(set) ? set : recursiveDifference(set, reset)
}

function usualReset(kind: Kind, subresource: string): FieldSet | undefined {
  if (subresource === 'status') return spec
  return subresource === '' && kind.subresources.includes('status') ? status : undefined
}

import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { AdmissionRequest } from '../../registry/types.ts'

/** What is wrong with a kubelet doing this to a Node; undefined when nothing is. */
// plugin/pkg/admission/noderestriction/admission.go admitNode
export function nodeProblem({ operation, name, object, old }: AdmissionRequest, node: string): string | undefined {
  const who = `node ${quote(node)}`
  const about = name !== '' ? name : (object?.metadata.name ?? '')
  if (about !== node) return `${who} is not allowed to modify node ${quote(about)}`
  const after = object as Node
  if (operation === 'CREATE') {
    const labels = forbiddenLabels(after.metadata.labels)
    return labels.length > 0 ? `${who} is not allowed to set the following labels: ${labels.join(', ')}` : undefined
  }
  if (operation !== 'UPDATE') return undefined
  const before = old as Node
  if (!deepEqual(before.spec.taints ?? [], after.spec.taints ?? [])) return `${who} is not allowed to modify taints`
  if (!deepEqual(before.metadata.ownerReferences ?? [], after.metadata.ownerReferences ?? [])) {
    return `${who} is not allowed to modify ownerReferences`
  }
  const labels = forbiddenLabels(after.metadata.labels, before.metadata.labels)
  return labels.length > 0 ? `is not allowed to modify labels: ${labels.join(', ')}` : undefined
}

type Labels = Readonly<Record<string, string>>

// getModifiedLabels, getForbiddenLabels
function forbiddenLabels(after: Labels = {}, before: Labels = {}): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].filter((key) => before[key] !== after[key] && isForbidden(key)).sort()
}

function isForbidden(key: string): boolean {
  const prefix = key.includes('/') ? key.slice(0, key.indexOf('/')) : ''
  if (isWithin(prefix, 'node-restriction.kubernetes.io')) return true
  if (!isWithin(prefix, 'kubernetes.io') && !isWithin(prefix, 'k8s.io')) return false
  return !kubeletLabels.has(key) && !kubeletNamespaces.some((allowed) => isWithin(prefix, allowed))
}

const isWithin = (prefix: string, namespace: string): boolean =>
  prefix === namespace || prefix.endsWith(`.${namespace}`)

// staging/src/k8s.io/kubelet/pkg/apis/well_known_labels.go IsKubeletLabel
const kubeletNamespaces = ['kubelet.kubernetes.io', 'node.kubernetes.io']
const kubeletLabels = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
])

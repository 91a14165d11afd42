import { objectCount, type Evaluator } from './evaluator.ts'
import { claimEvaluator } from './persistent-volume-claims.ts'
import { podEvaluator } from './pods.ts'
import { resourceClaimEvaluator, type Devices } from './resource-claims.ts'
import { serviceEvaluator } from './services.ts'

// pkg/quota/v1/install/registry.go ignoredResources: what is not stored, and events, which never were counted
const ignored: ReadonlySet<string> = new Set([
  '/bindings',
  '/componentstatuses',
  '/events',
  'events.k8s.io/events',
  'authentication.k8s.io/tokenreviews',
  'authorization.k8s.io/localsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectrulesreviews',
  'authorization.k8s.io/subjectaccessreviews',
])

// pkg/quota/v1/evaluator/core/registry.go NewEvaluators
const special: ReadonlyMap<string, Evaluator> = new Map([
  ['/pods', podEvaluator],
  ['/services', serviceEvaluator],
  ['/persistentvolumeclaims', claimEvaluator],
  ['/configmaps', objectCount('', 'configmaps', 'configmaps')],
  ['/resourcequotas', objectCount('', 'resourcequotas', 'resourcequotas')],
  ['/replicationcontrollers', objectCount('', 'replicationcontrollers', 'replicationcontrollers')],
  ['/secrets', objectCount('', 'secrets', 'secrets')],
])

/**
 * How quotas count the resource; undefined where they never do. Resources unknown here have their objects counted.
 * `beside` tells of what else there is, for claims of devices.
 */
export const evaluatorOf = (group: string, plural: string, beside: Devices): Evaluator | undefined => {
  const key = `${group}/${plural}`
  if (key === 'resource.k8s.io/resourceclaims') return resourceClaimEvaluator(beside)
  return ignored.has(key) ? undefined : (special.get(key) ?? objectCount(group, plural))
}

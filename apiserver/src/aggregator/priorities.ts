export interface Priority {
  group: number
  version: number
}

// cmd/kube-apiserver/app/aggregator.go and pkg/controlplane/apiserver/aggregator.go: the priorities of what is built in
const groups: Readonly<Record<string, number>> = {
  '': 18000,
  apps: 17800,
  'events.k8s.io': 17750,
  'authentication.k8s.io': 17700,
  'authorization.k8s.io': 17600,
  autoscaling: 17500,
  batch: 17400,
  'certificates.k8s.io': 17300,
  'networking.k8s.io': 17200,
  policy: 17100,
  'rbac.authorization.k8s.io': 17000,
  'storage.k8s.io': 16800,
  'apiextensions.k8s.io': 16700,
  'admissionregistration.k8s.io': 16700,
  'scheduling.k8s.io': 16600,
  'coordination.k8s.io': 16500,
  'node.k8s.io': 16300,
  'discovery.k8s.io': 16200,
  'flowcontrol.apiserver.k8s.io': 16100,
  'resource.k8s.io': 15900,
}
const versions: Readonly<Record<string, number>> = {
  '/v1': 1,
  'events.k8s.io/v1beta1': 5,
  'autoscaling/v2': 30,
  'autoscaling/v2beta2': 1,
  'rbac.authorization.k8s.io/v1beta1': 12,
  'admissionregistration.k8s.io/v1beta1': 12,
  'coordination.k8s.io/v1beta1': 13,
  'discovery.k8s.io/v1beta1': 12,
  'flowcontrol.apiserver.k8s.io/v1': 21,
}
const usualVersions = { stable: 15, beta: 9, alpha: 1 }

// pkg/controlplane/controller/crdregistration/crdregistration_controller.go handleVersionUpdate
/** The priority of groups and versions of CustomResourceDefinitions. */
export const customPriority: Priority = { group: 1000, version: 100 }

/** Undefined for a group that gets no APIService: apiregistration.k8s.io itself. */
export function builtInPriority(group: string, version: string): Priority | undefined {
  const priority = Object.hasOwn(groups, group) ? groups[group] : undefined
  if (priority === undefined) return undefined
  return { group: priority, version: versions[`${group}/${version}`] ?? usual(version) }
}

function usual(version: string): number {
  if (version.includes('alpha')) return usualVersions.alpha
  return version.includes('beta') ? usualVersions.beta : usualVersions.stable
}

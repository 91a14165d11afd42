import { namespace } from '@kubets/shared/api/kinds/core/namespaces/kind.ts'
import { service } from '@kubets/shared/api/kinds/core/services/kind.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { serviceCIDR } from '@kubets/shared/api/kinds/networking/servicecidrs/kind.ts'
import { priorityClass } from '@kubets/shared/api/kinds/scheduling/priorityclasses/kind.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { formatAddress, type Range } from '@kubets/shared/machinery/addresses.ts'

export interface FirstObject {
  kind: Kind
  object: KubeObject
}

// pkg/controlplane/controller/systemnamespaces/system_namespaces_controller.go
const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

// pkg/apis/scheduling/types.go SystemPriorityClasses
const priorities = [
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
]

/** The address of the `kubernetes` Service: the first of the range. */
export function apiserverServiceIP({ family, base }: Range): string {
  return formatAddress({ family, value: base + 1n })
}

/** What every cluster has; created where it is missing and never changed. */
export function firstObjects(ranges: readonly Range[], securePort: number): FirstObject[] {
  const [range] = ranges
  const objects: FirstObject[] = namespaces.map((name) => ({
    kind: namespace,
    object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
  }))
  for (const { name, value, description } of priorities)
    objects.push({
      kind: priorityClass,
      object: {
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: { name },
        value,
        description,
        preemptionPolicy: 'PreemptLowerPriority',
        globalDefault: false,
      } as KubeObject,
    })
  objects.push({
    kind: serviceCIDR,
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name: 'kubernetes' },
      spec: { cidrs: ranges.map(({ text }) => text) },
    } as KubeObject,
  })
  if (range) objects.push({ kind: service, object: kubernetesService(apiserverServiceIP(range), securePort) })
  return objects
}

// pkg/controlplane/controller/kubernetesservice/controller.go CreateOrUpdateMasterServiceIfNeeded
function kubernetesService(clusterIP: string, securePort: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { provider: 'kubernetes', component: 'apiserver' },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      sessionAffinity: 'None',
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: securePort }],
    },
  } as KubeObject
}

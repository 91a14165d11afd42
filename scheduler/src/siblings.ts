import { replicaSets, replicationControllers, services, statefulSets } from '@kubets/shared/api/resources.gen.ts'
import type { InformerFactory } from '@kubets/shared/client/informer.ts'
import type { LabelSelector } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { controllerOf } from '@kubets/shared/machinery/object.ts'
import { selectorOrNothing, type PodInfo } from './cache/pod-info.ts'
import type { Selector } from '@kubets/shared/machinery/selector.ts'

/** Finds what selects a Pod's siblings: the Services it belongs to and its controller. */
// pkg/scheduler/framework/plugins/helper/spread.go DefaultSelector
export function siblingSelector(informers: InformerFactory): (pod: PodInfo) => Selector | undefined {
  const { lister: serviceLister } = informers.informer(services)
  const { lister: replicaSetLister } = informers.informer(replicaSets)
  const { lister: statefulSetLister } = informers.informer(statefulSets)
  const { lister: controllerLister } = informers.informer(replicationControllers)

  const ofOwner = (pod: PodInfo): LabelSelector | undefined => {
    const owner = controllerOf(pod.pod)
    switch (owner && `${owner.apiVersion}/${owner.kind}`) {
      case 'apps/v1/ReplicaSet':
        return replicaSetLister.get(owner?.name ?? '', pod.namespace)?.spec.selector
      case 'apps/v1/StatefulSet':
        return statefulSetLister.get(owner?.name ?? '', pod.namespace)?.spec.selector
      case 'v1/ReplicationController':
        return { matchLabels: controllerLister.get(owner?.name ?? '', pod.namespace)?.spec.selector }
      default:
        return undefined
    }
  }
  return (pod) => {
    const matchLabels: Record<string, string> = {}
    for (const { spec } of serviceLister.list(pod.namespace)) {
      const wanted = Object.entries(spec.selector ?? {})
      if (wanted.length > 0 && wanted.every(([key, value]) => pod.labels[key] === value)) {
        Object.assign(matchLabels, spec.selector)
      }
    }
    const owner = ofOwner(pod)
    Object.assign(matchLabels, owner?.matchLabels)
    const matchExpressions = owner?.matchExpressions ?? []
    if (Object.keys(matchLabels).length + matchExpressions.length === 0) return undefined
    return selectorOrNothing({ matchLabels, matchExpressions })
  }
}

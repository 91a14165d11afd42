import type { Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { zoneKey } from './hollow-nodes.ts'

const hostKey = 'kubernetes.io/hostname'
/** Pods that are to be together, apart or spread: as many as a workload may have. */
const groupSize = 100

/** What is asked of the scheduler, by the name that the table gives it. */
export const kinds = ['plain', 'affinity', 'anti-affinity', 'spreading', 'preemption'] as const

export type Kind = (typeof kinds)[number]

/** A Pod of a kind, the way scheduler_perf asks: alike within their group. */
// test/integration/scheduler_perf/config
export function podOf(kind: Kind, index: number): Pod {
  const group = `${kind}-${String(Math.floor(index / groupSize))}`
  return makePod(`${kind}-${String(index)}`, group, specs[kind](group))
}

const specs: Record<Kind, (group: string) => Partial<PodSpec>> = {
  plain: () => ({}),
  affinity: (group) => ({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(group, zoneKey)] } },
  }),
  'anti-affinity': (group) => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(group, hostKey)] } },
  }),
  spreading: (group) => ({
    topologySpreadConstraints: [
      { topologyKey: zoneKey, maxSkew: 5, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector(group) },
    ],
  }),
  // more than a node has beside its filler
  preemption: () => ({ priorityClassName: important, ...asking('20') }),
}

/** The PriorityClass of Pods that may make others go. */
export const important = 'important'

/** What such Pods make go: one on each node. */
export const filler = (index: number): Pod =>
  makePod(`filler-${String(index)}`, 'filler', { nodeName: `hollow-${String(index)}`, ...asking('14') })

const selector = (group: string) => ({ matchLabels: { group } })
const term = (group: string, topologyKey: string) => ({ topologyKey, labelSelector: selector(group) })

/** One container that asks for this much CPU. */
export const asking = (cpu: string): Pick<PodSpec, 'containers'> => ({
  containers: [{ name: 'main', image: 'kubets/busybox:1', resources: { requests: { cpu, memory: '200Mi' } } }],
})

function makePod(name: string, group: string, spec: Partial<PodSpec>): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { group } },
    spec: {
      ...asking('100m'),
      // nobody has to end them
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      ...spec,
    },
  }
}

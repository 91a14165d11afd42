import type { Namespace } from './namespace.ts'
import { until } from './until.ts'

/** The image of the tests' Pods: a shell and the usual small programs, no entrypoint. */
export const busybox = 'kubets/busybox:1'

/** What a container's status says, as far as the suites look at it. */
export interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly restartCount: number
  readonly state: {
    readonly waiting?: { readonly reason: string; readonly message?: string }
    readonly running?: { readonly startedAt: string }
    readonly terminated?: { readonly exitCode: number; readonly reason: string; readonly message?: string }
  }
}

/** A Pod, as far as the suites look at it. */
export interface Pod {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly generation?: number
    readonly resourceVersion: string
    readonly deletionTimestamp?: string
    readonly labels?: Record<string, string>
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[]
  }
  readonly spec: {
    readonly nodeName?: string
    readonly containers: readonly { readonly name: string; readonly image: string }[]
  }
  readonly status: {
    readonly phase: string
    readonly reason?: string
    readonly message?: string
    readonly qosClass: string
    readonly hostIP: string
    readonly podIP: string
    readonly startTime: string
    readonly observedGeneration?: number
    readonly conditions: readonly {
      readonly type: string
      readonly status: string
      readonly reason?: string
      readonly message?: string
      readonly lastTransitionTime: string
    }[]
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

/** The fields of a container that runs a shell script. */
export const shell = (script: string): { image: string; command: string[] } => ({
  image: busybox,
  command: ['sh', '-c', script],
})

/** Creates a Pod of a spec; it gets a second to end when it is deleted, unless the spec says otherwise. */
export async function startPod(
  ns: Namespace,
  name: string,
  spec: object,
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> } = {},
): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata, labels: { pod: name, ...metadata.labels } },
    spec: { terminationGracePeriodSeconds: 1, ...spec },
  }
  await ns.create('pods', body)
}

export const getPod = (ns: Namespace, name: string): Promise<Pod> => ns.get('pods', name)

/** Waits until what is said of a Pod is true, and answers with it. */
export const podUntil = (
  ns: Namespace,
  name: string,
  what: string,
  test: (pod: Pod) => boolean,
  limitMs = 180_000,
): Promise<Pod> =>
  until(
    `Pod ${name} ${what}`,
    async () => {
      const pod = await getPod(ns, name)
      return test(pod) ? pod : undefined
    },
    limitMs,
  )

export const isReady = (pod: Pod): boolean =>
  pod.status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')

/** Runs a Pod once to its end, in success, and answers with what its first container wrote. */
export async function outputOf(ns: Namespace, name: string, spec: object, metadata?: object): Promise<string> {
  await startPod(ns, name, { restartPolicy: 'Never', ...spec }, metadata)
  const pod = await podUntil(ns, name, 'to end', ({ status }) => ['Succeeded', 'Failed'].includes(status.phase))
  const output = await ns.logs(name, pod.spec.containers[0]?.name ?? '')
  if (pod.status.phase !== 'Succeeded') throw new Error(`Pod ${name} failed: ${JSON.stringify(pod.status)}\n${output}`)
  return output
}

import type { Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'

const image = 'kubets/busybox:1'
const shell = (script: string) => ({ image, command: ['sh', '-c', script] })
const sleeps = 'trap "exit 0" TERM; while :; do sleep 0.1; done'

/** How long what does not listen may go on. */
export const deafSeconds = 12

export interface Variant {
  readonly spec: PodSpec
  /** What it comes to, however often the kubelet dies meanwhile. */
  readonly phase: 'Running' | 'Succeeded' | 'Pending'
  /** How often each of its containers starts, its sandbox too. */
  readonly starts: Readonly<Record<string, number>>
}

/** Pods of all kinds of lives; `puller` is an image that only a registry has. */
export function variants(puller: string): Record<string, Variant> {
  const grace = { terminationGracePeriodSeconds: 60 }
  return {
    plain: {
      phase: 'Running',
      starts: { POD: 1, main: 1, other: 1 },
      spec: {
        ...grace,
        containers: [
          { name: 'main', ...shell(sleeps), readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 } },
          { name: 'other', ...shell(sleeps) },
        ],
      },
    },
    volumes: {
      phase: 'Running',
      starts: { POD: 1, main: 1 },
      spec: {
        ...grace,
        volumes: [
          { name: 'map', configMap: { name: 'map' } },
          { name: 'secret', secret: { secretName: 'secret' } },
          { name: 'memory', emptyDir: { medium: 'Memory' } },
          { name: 'disk', emptyDir: {} },
        ],
        containers: [
          {
            name: 'main',
            ...shell(`test "$(cat /map/key)" = value && test "$(cat /secret/key)" = value || exit 1; ${sleeps}`),
            volumeMounts: [
              { name: 'map', mountPath: '/map' },
              { name: 'secret', mountPath: '/secret' },
              { name: 'memory', mountPath: '/memory' },
              { name: 'disk', mountPath: '/disk', subPath: 'below' },
            ],
          },
        ],
      },
    },
    steps: {
      phase: 'Running',
      starts: { POD: 1, first: 1, second: 1, sidecar: 1, main: 1 },
      spec: {
        ...grace,
        restartPolicy: 'Never',
        initContainers: [
          { name: 'first', ...shell('sleep 0.3') },
          { name: 'sidecar', restartPolicy: 'Always', ...shell(sleeps) },
          { name: 'second', ...shell('exit 0') },
        ],
        containers: [{ name: 'main', ...shell(sleeps) }],
      },
    },
    deaf: {
      phase: 'Running',
      starts: { POD: 1, main: 1 },
      spec: {
        terminationGracePeriodSeconds: deafSeconds,
        containers: [{ name: 'main', ...shell('trap "" TERM; while :; do sleep 0.1; done') }],
      },
    },
    hooked: {
      phase: 'Running',
      starts: { POD: 1, main: 1 },
      spec: {
        ...grace,
        containers: [{ name: 'main', ...shell(sleeps), lifecycle: { preStop: { exec: { command: ['sleep', '1'] } } } }],
      },
    },
    pulled: {
      phase: 'Running',
      starts: { POD: 1, main: 1 },
      spec: { ...grace, containers: [{ name: 'main', ...shell(sleeps), image: puller, imagePullPolicy: 'Always' }] },
    },
    short: {
      phase: 'Succeeded',
      starts: { POD: 1, main: 1 },
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', ...shell('exit 0') }] },
    },
    waiting: {
      phase: 'Pending',
      starts: { POD: 1 },
      spec: {
        volumes: [{ name: 'map', configMap: { name: 'not-there' } }],
        containers: [{ name: 'main', ...shell('exit 0'), volumeMounts: [{ name: 'map', mountPath: '/map' }] }],
      },
    },
  }
}

/** A Pod of a variant, bound to the node. */
export function podOf(name: string, nodeName: string, { spec }: Variant): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName, automountServiceAccountToken: false, ...spec },
  }
}

/** What is wrong with the status of a Pod that has come to its phase. */
export function wrongIn({ spec, status, metadata }: Pod, { phase }: Variant): string[] {
  const wrong: string[] = []
  const name = metadata.name ?? ''
  if (status?.phase !== phase) return [`${name} is ${status?.phase ?? 'without a phase'}, not ${phase}`]
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status
  if (ready !== (phase === 'Running' ? 'True' : 'False')) wrong.push(`${name}: Ready is ${ready ?? 'not there'}`)
  for (const one of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    if (one.restartCount !== 0) wrong.push(`${name}/${one.name} was started ${String(one.restartCount)} times again`)
    if (one.lastState?.terminated) wrong.push(`${name}/${one.name} has ended before`)
  }
  for (const { name: of, restartPolicy } of spec.initContainers ?? []) {
    const { state } = status.initContainerStatuses?.find((one) => one.name === of) ?? {}
    const right = restartPolicy === 'Always' ? state?.running : state?.terminated?.exitCode === 0
    if (!right) wrong.push(`${name}/${of} is ${JSON.stringify(state)}`)
  }
  return wrong
}

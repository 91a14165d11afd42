import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'

export const image = 'kubets/busybox:1'
export const namespace = 'default'
export const command = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done']

/** A node whose kubelet is measured: its name, the process, and the Docker network of its Pods. */
export interface MeasuredNode {
  readonly client: Client
  readonly name: string
  readonly pid: number
  readonly network: string
}

type Container = Partial<Pod['spec']['containers'][number]>

/** `count` names. */
export const namesOf = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_value, at) => `${prefix}-${String(at)}`)

/** A Pod that is bound to the node already, with a container that idles until it is told to end. */
export function podOf(name: string, nodeName: string, more: Container): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      nodeName,
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
      containers: [{ name: 'main', image, command, ...more }],
    },
  }
}

/**
 * Creates Pods at once and waits until all are Ready.
 * @throws Error that says how many are not when `signal` aborts
 */
export async function create(
  { client, name }: MeasuredNode,
  names: readonly string[],
  signal: AbortSignal,
  more: (name: string) => Container = () => ({}),
): Promise<void> {
  const make = (one: string) => client.create(pods, podOf(one, name, more(one)))
  const isReady = (pod: Pod): boolean =>
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  await changed(client, names, make, (type, pod) => type !== 'DELETED' && isReady(pod), 'not Ready', signal)
}

/**
 * Deletes Pods at once and waits until they are gone.
 * @throws Error that says how many are not when `signal` aborts
 */
export async function remove({ client }: MeasuredNode, names: readonly string[], signal: AbortSignal): Promise<void> {
  const end = (one: string) => client.delete(pods, one, { namespace })
  await changed(client, names, end, (type) => type === 'DELETED', 'not gone', signal)
}

async function changed(
  client: Client,
  names: readonly string[],
  change: (name: string) => Promise<unknown>,
  isDone: (type: string, pod: Pod) => boolean,
  otherwise: string,
  signal: AbortSignal,
): Promise<void> {
  const { metadata } = await client.list(pods, { namespace, signal })
  const waiting = new Set(names)
  const changes = client.watch(pods, { namespace, resourceVersion: metadata.resourceVersion ?? '', signal })
  const seen = async (): Promise<void> => {
    for await (const { type, object } of changes) {
      if (isDone(type, object)) waiting.delete(object.metadata.name ?? '')
      if (waiting.size === 0) return
    }
  }
  const failed = await Promise.all([seen(), ...names.map(change)]).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (waiting.size === 0 && failed === undefined) return
  if (!signal.aborted && failed !== undefined) throw failed
  throw new Error(`${String(waiting.size)} of ${String(names.length)} Pods are ${otherwise} in time`)
}

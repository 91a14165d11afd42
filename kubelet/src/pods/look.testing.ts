import { buffer } from 'node:stream/consumers'
import { events, pods } from '@kubets/shared/api/resources.gen.ts'
import type { ContainerStatus, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import type { TestNode } from './node.testing.ts'

const signal = new AbortController().signal
const namespace = 'default'

export const runs = ({ status }: Pod): boolean => status?.phase === 'Running'
export const succeeded = ({ status }: Pod): boolean => status?.phase === 'Succeeded'
export const failed = ({ status }: Pod): boolean => status?.phase === 'Failed'
export const over = (pod: Pod): boolean => succeeded(pod) || failed(pod)
export const shell = (script: string) => ({ command: ['sh', '-c', script] })

/** The status of a container of whatever kind; the first main one if no name is given. */
export function statusOf({ status }: Pod, name?: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {}
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses]
  return name === undefined ? all[0] : all.find((one) => one.name === name)
}

export const idOf = (pod: Pod, name?: string): string =>
  statusOf(pod, name)?.containerID?.replace('docker://', '') ?? ''

/** Ways to look at the Pods of a node from outside. */
export function lookAt(node: TestNode) {
  const logOf = async (id: string, tail?: number): Promise<Buffer> => {
    const options = { follow: false, timestamps: false, ...(tail === undefined ? {} : { tail }) }
    const { stdout, stderr } = await node.runtime.containerLogs(id, options, signal)
    stderr.resume()
    return buffer(stdout)
  }
  return {
    logOf,
    /** What the container of a Pod has said. */
    said: async (pod: Pod, name?: string) => (await logOf(idOf(pod, name))).toString(),
    /** Waits for an event about the Pod; its message. */
    event: (name: string, reason: string, text = ''): Promise<string> =>
      waitFor(async () => {
        const { items } = await node.client.list(events, { namespace })
        const about = items.filter((one) => one.involvedObject.name === name && one.reason === reason)
        return about.find((one) => one.message?.includes(text))?.message
      }, `event ${reason} of ${name}`),
    remove: (name: string, options: { gracePeriodSeconds?: number } = {}): Promise<unknown> =>
      node.client.delete(pods, name, { namespace, ...options }),
    gone: (name: string): Promise<unknown> =>
      waitFor(async () => {
        const { items } = await node.client.list(pods, { namespace, fieldSelector: `metadata.name=${name}` })
        return items.length === 0
      }, `${name} to be gone`),
    /** What a command says in a container. */
    exec: async (id: string, script: string): Promise<string> => {
      const { stdout } = await node.runtime.execSync(id, ['sh', '-c', script], 20_000, signal)
      return stdout.toString()
    },
  }
}

import { describe, expect, it } from 'vitest'
import { RuntimeError, type ContainerStatus } from '../runtime/types.ts'
import { exited, identity, running } from './fixtures.ts'
import { keys } from './model.ts'
import { PodStateReader } from './state.ts'

/** A runtime whose list is behind what a look at one container shows, as Docker's is when a container has just ended. */
function runtimeWith(listed: ContainerStatus, actual: () => ContainerStatus) {
  const refuse = (): Promise<never> => Promise.reject(new Error('not asked here'))
  return {
    listPodSandbox: () => Promise.resolve([]),
    listContainers: () => Promise.resolve([listed]),
    podSandboxStatus: refuse,
    containerLogs: refuse,
    containerStatus: () => Promise.resolve(actual()),
  }
}

describe('PodStateReader', () => {
  const before = running('main')
  const after = { ...exited('main', 0), id: before.id }

  it('does not believe a list that shows as running what is said to have ended', async () => {
    let actual = before
    const reader = new PodStateReader(
      runtimeWith(before, () => actual),
      identity.uid,
    )
    const { signal } = new AbortController()
    const states = async () => (await reader.read(signal)).containers.map(({ state }) => state)
    expect(await states()).toEqual(['CONTAINER_RUNNING'])
    actual = after
    reader.ended(before.id)
    expect(await states()).toEqual(['CONTAINER_EXITED'])
  })

  it('asks again when the look that was to tell failed', async () => {
    let actual = (): ContainerStatus => before
    const reader = new PodStateReader(
      runtimeWith(before, () => actual()),
      identity.uid,
    )
    const { signal } = new AbortController()
    await reader.read(signal)
    reader.ended(before.id)
    actual = () => {
      throw new Error('Docker is away')
    }
    await expect(reader.read(signal)).rejects.toThrow('Docker is away')
    actual = () => after
    expect((await reader.read(signal)).containers[0]?.state).toBe('CONTAINER_EXITED')
  })

  it('says why what failed left no last words, which hides nothing else; what is gone meanwhile is left out', async () => {
    const labels = { [keys.terminationMessagePolicy]: 'FallbackToLogsOnError' }
    const failed = exited('main', 1, 0, { labels })
    const { signal } = new AbortController()
    const messages = async (error: RuntimeError): Promise<string[]> => {
      const runtime = { ...runtimeWith(failed, () => failed), containerLogs: () => Promise.reject(error) }
      const { containers } = await new PodStateReader(runtime, identity.uid).read(signal)
      return containers.map(({ message }) => message)
    }
    // moby daemon/logs.go ContainerLogs
    const dead = 'can not get logs from container which is dead or marked for removal'
    expect(await messages(new RuntimeError('Conflict', dead))).toEqual([
      `Error on reading termination message from logs: ${dead}`,
    ])
    expect(await messages(new RuntimeError('NotFound', 'no such container'))).toEqual([])
    await expect(messages(new RuntimeError('Unavailable', 'Docker is away'))).rejects.toThrow('Docker is away')
  })
})

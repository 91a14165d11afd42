import { describe, expect, it } from 'vitest'
import type { ContainerStatus } from '../runtime/types.ts'
import { exited, identity, running } from './fixtures.ts'
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
})

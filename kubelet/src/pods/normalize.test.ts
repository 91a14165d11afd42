import { describe, expect, it } from 'vitest'
import { container, pod } from './fixtures.ts'
import { normalizeStatus } from './normalize.ts'

const ended = (name: string, message: string) => ({
  name,
  image: '',
  imageID: '',
  ready: false,
  restartCount: 1,
  state: { terminated: { exitCode: 1, message } },
  lastState: { terminated: { exitCode: 1, message } },
})

describe('normalizeStatus', () => {
  it('orders containers by name, init containers as they are', () => {
    const names = ['b', 'a', 'c']
    const all = pod({ containers: names.map((name) => container(name)) })
    const list = names.map((name) => ended(name, ''))
    const status = normalizeStatus(all, { initContainerStatuses: list, containerStatuses: list })
    expect(status.initContainerStatuses?.map(({ name }) => name)).toEqual(names)
    expect(status.containerStatuses?.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
    expect(status.ephemeralContainerStatuses).toBeUndefined()
  })

  it('shares the room for last words among containers, in bytes', () => {
    const four = pod({ initContainers: [container('i')], containers: ['a', 'b', 'c'].map((name) => container(name)) })
    const status = normalizeStatus(four, {
      initContainerStatuses: [ended('i', 'x'.repeat(4096))],
      containerStatuses: [ended('a', 'é'.repeat(2048)), ended('b', 'short')],
    })
    const lengths = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map((one) => [
      one.state?.terminated?.message?.length,
      one.lastState?.terminated?.message?.length,
    ])
    expect(lengths).toEqual([
      [3072, 3072],
      [1536, 1536],
      [5, 5],
    ])
  })
})

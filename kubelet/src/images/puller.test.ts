import { describe, expect, it } from 'vitest'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import type { AuthConfig, ImageService } from '../runtime/types.ts'
import type { TrackedAuth } from './pull-records.ts'
import { ImagePuller, IntentError } from './puller.ts'

const { signal } = new AbortController()

/** Pulls that end when the test says so. */
function pulling(atOnce: number) {
  const begun: string[] = []
  const ends = new Map<string, PromiseWithResolvers<string>>()
  const runtime = {
    pullImage: (image: string, auth: AuthConfig | undefined) => {
      begun.push(auth ? `${image} ${auth.username}` : image)
      const end = Promise.withResolvers<string>()
      ends.set(image, end)
      return end.promise
    },
  } as unknown as ImageService
  const told: string[] = []
  const tell = (what: string) => (image: string, _?: string, used?: TrackedAuth) => {
    told.push(`${what} ${image}${used ? ` ${used.auth.username}` : ''}`)
    return Promise.resolve()
  }
  const records = { begins: tell('begins'), succeeded: tell('succeeded'), failed: tell('failed') }
  return { puller: new ImagePuller(runtime, records, atOnce), begun, ends, told, records }
}

describe('ImagePuller', () => {
  it.each([
    [1, ['a'], ['a', 'b']],
    [2, ['a', 'b'], ['a', 'b', 'c']],
    [Infinity, ['a', 'b', 'c'], ['a', 'b', 'c']],
  ])('pulls %d at a time', async (atOnce, first, then) => {
    const { puller, begun, ends } = pulling(atOnce)
    const pulls = ['a', 'b', 'c', 'a'].map((image) => puller.pull(image, [], signal, signal))
    await waitFor(() => begun.length === first.length)
    expect(begun).toEqual(first)
    ends.get('a')?.resolve('id')
    // the second who asked for it too
    await Promise.all([pulls[0], pulls[3]])
    await waitFor(() => begun.length === then.length)
    expect(begun).toEqual(then)
  })

  it('goes on after one that fails, and tries credentials one after the other', async () => {
    const { puller, begun, ends } = pulling(1)
    const failing = puller.pull('a', [{ auth: { username: 'x' } }, { auth: { username: 'y' } }], signal, signal)
    const after = puller.pull('b', [], signal, signal)
    await waitFor(() => ends.has('a'))
    ends.get('a')?.reject(new Error('denied'))
    await waitFor(() => begun.length === 2)
    ends.get('a')?.reject(new Error('denied again'))
    await expect(failing).rejects.toThrow('denied again')
    await waitFor(() => ends.has('b'))
    ends.get('b')?.resolve('id')
    await after
    expect(begun).toEqual(['a x', 'a y', 'b'])
  })

  it('keeps what it pulls with which credentials, also when nobody waits for it any more', async () => {
    const { puller, begun, ends, told } = pulling(2)
    const gone = new AbortController()
    const left = puller.pull('a', [{ auth: { username: 'x' } }], signal, gone.signal)
    const failing = puller.pull('b', [], signal, signal)
    await waitFor(() => begun.length === 2)
    gone.abort(new Error('no more'))
    await expect(left).rejects.toThrow('no more')
    ends.get('a')?.resolve('id')
    ends.get('b')?.reject(new Error('denied'))
    await expect(failing).rejects.toThrow('denied')
    await waitFor(() => told.length === 4)
    expect(told.toSorted()).toEqual(['begins a', 'begins b', 'failed b', 'succeeded a x'])
  })

  it('pulls nothing that cannot be kept', async () => {
    const { puller, begun, records } = pulling(1)
    records.begins = () => Promise.reject(new Error('failed to record image pull intent: full'))
    const pull = puller.pull('a', [], signal, signal)
    await expect(pull).rejects.toThrow(new IntentError('failed to record image pull intent: full'))
    expect(begun).toEqual([])
  })
})

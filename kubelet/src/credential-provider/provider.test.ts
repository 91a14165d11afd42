import { describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import type { CredentialProvider } from './config.ts'
import { decodeAnswer, type Answer, type Question } from './exec.ts'
import { ProviderCache } from './provider.ts'

const podOf = (serviceAccountName?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u1' },
  spec: { containers: [], ...(serviceAccountName && { serviceAccountName }) },
})
const version = 'credentialprovider.kubelet.k8s.io/v1'

/** A provider that counts its questions and gives the count for a password, unless it echoes the token. */
function provider(answer: Partial<Answer> & { echo?: boolean }, more: Partial<CredentialProvider> = {}) {
  const clock = new FakeClock(0)
  const asked: Question[] = []
  const { signal } = new AbortController()
  const config = { name: 'p', matchImages: ['*.io', '*.io:5000'], defaultCacheDuration: '1m0s', ...more }
  const cache = new ProviderCache(config, {
    clock,
    log,
    ask: (_, question) => {
      asked.push(question)
      const password = answer.echo ? question.serviceAccountToken : String(asked.length)
      const auth = { 'a.io': { username: 'me', password: password ?? '' } }
      return Promise.resolve({ cacheKeyType: 'Image', auth, ...answer })
    },
    serviceAccount: (namespace, name) =>
      Promise.resolve(
        name === 'gone'
          ? undefined
          : {
              apiVersion: 'v1',
              kind: 'ServiceAccount',
              metadata: { name, namespace, uid: `uid-${name}`, annotations: { role: name, other: 'x' } },
            },
      ),
    token: ({ serviceAccount, audience }) => Promise.resolve(`${serviceAccount}@${audience}`),
  })
  const passwords = async (image: string, pod = podOf()): Promise<(string | undefined)[]> =>
    [...(await cache.provide(image, pod, signal)).values()].map((one) => one.auth.password)
  const sources = async (pod: Pod) =>
    [...(await cache.provide('a.io/x', pod, signal)).values()].map(({ source }) => source)
  return { clock, asked, passwords, sources }
}

describe('a credential provider', () => {
  // pkg/credentialprovider/plugin/plugin_test.go Test_Provide, Test_ProvideParallel
  it.each([
    ['Image', ['1', '1', '2', '3']],
    ['Registry', ['1', '1', '1', '2']],
    ['Global', ['1', '1', '1', '1']],
    ['image', [undefined, undefined, undefined, undefined]],
    ['toString', [undefined, undefined, undefined, undefined]],
  ])('is asked once for what is of the same %s', async (cacheKeyType, expected) => {
    const { passwords } = provider({ cacheKeyType })
    const found = []
    for (const image of ['a.io/x', 'a.io/x', 'a.io/y', 'b.io/x']) found.push((await passwords(image))[0])
    expect(found).toEqual(expected)
  })

  it.each<[Partial<Answer>, Partial<CredentialProvider>, number]>([
    [{}, {}, 60_000],
    [{ cacheDuration: '2m0s' }, {}, 120_000],
    [{ cacheDuration: '0s' }, {}, -1],
    [{}, { defaultCacheDuration: '0s' }, -1],
  ])('is believed as long as it says: %j %j', async (answer, more, ms) => {
    const { passwords, clock } = provider(answer, more)
    expect(await passwords('a.io/x')).toEqual(['1'])
    await clock.advance(Math.max(0, ms))
    expect(await passwords('a.io/x')).toEqual([ms < 0 ? '2' : '1'])
    await clock.advance(1)
    expect(await passwords('a.io/x')).toEqual([ms < 0 ? '3' : '2'])
  })

  it('is asked once by many at a time, and not for other images', async () => {
    const { passwords, asked } = provider({})
    expect(await Promise.all([passwords('a.io/x'), passwords('a.io/x'), passwords('a.com/x')])).toEqual([
      ['1'],
      ['1'],
      [],
    ])
    expect(asked).toEqual([{ image: 'a.io/x' }])
  })

  it('is told of the service account when it asks for that', async () => {
    const attributes = {
      serviceAccountTokenAudience: 'aud',
      requireServiceAccount: true,
      cacheType: 'ServiceAccount',
      requiredServiceAccountAnnotationKeys: ['role'],
      optionalServiceAccountAnnotationKeys: ['absent'],
    }
    const { passwords, asked } = provider({}, { tokenAttributes: attributes })
    expect(await passwords('a.io/x', podOf('one'))).toEqual(['1'])
    expect(await passwords('a.io/x', podOf('two'))).toEqual(['2'])
    expect(await passwords('a.io/x', podOf('one'))).toEqual(['1'])
    expect(await passwords('a.io/x', podOf('gone'))).toEqual([])
    expect(await passwords('a.io/x', podOf())).toEqual([])
    expect(asked[0]).toEqual({
      image: 'a.io/x',
      serviceAccountToken: 'one@aud',
      serviceAccountAnnotations: { role: 'one' },
    })
    const { sources } = provider({}, { tokenAttributes: attributes })
    const serviceAccount = { uid: 'uid-one', namespace: 'default', name: 'one' }
    expect(await sources(podOf('one'))).toEqual([{ serviceAccount }])
    expect(await provider({}).sources(podOf('one'))).toEqual([undefined])
    const needs = { ...attributes, requiredServiceAccountAnnotationKeys: ['absent'] }
    expect(await provider({}, { tokenAttributes: needs }).passwords('a.io/x', podOf('one'))).toEqual([])
    const may = { ...attributes, requiredServiceAccountAnnotationKeys: [], requireServiceAccount: false }
    expect(await provider({}, { tokenAttributes: may }).passwords('a.io/x')).toEqual(['1'])
  })

  it('may give the token itself only where it is kept by token', async () => {
    const attributes = { serviceAccountTokenAudience: 'aud', requireServiceAccount: true, cacheType: 'ServiceAccount' }
    const echoed = (cacheType: string) =>
      provider({ echo: true }, { tokenAttributes: { ...attributes, cacheType } }).passwords('a.io/x', podOf('one'))
    expect(await echoed('ServiceAccount')).toEqual([])
    expect(await echoed('Token')).toEqual(['one@aud'])
  })

  it.each([
    ['no', "error reading GVK from response: couldn't get version/kind; json parse error: "],
    [
      '{"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1beta1"}',
      `apiVersion from credential plugin response did not match expected apiVersion:${version}, actual apiVersion:credentialprovider.kubelet.k8s.io/v1beta1`,
    ],
    [`{"kind":"Pod","apiVersion":"${version}"}`, 'error decoding credential provider plugin response from stdout'],
    [
      `{"kind":"CredentialProviderResponse","apiVersion":"${version}","auth":{"a":{"secret":"s"}}}`,
      'error decoding credential provider plugin response from stdout',
    ],
  ])('is not believed when it says %j', (text, message) => {
    expect(() => decodeAnswer(text, version)).toThrow(message)
  })
})

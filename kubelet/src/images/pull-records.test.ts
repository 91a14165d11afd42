import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import {
  hashOfAuth,
  matches,
  provedBy,
  withProof,
  type Coordinates,
  type ImagePullCredentials,
  type ImagePullSecret,
  type TrackedAuth,
} from './pull-records.ts'
import { PulledImages } from './pulled-images.ts'
import { allowlistProblem, verificationOf } from './verification.ts'

const at = (name: string, uid = `uid-${name}`): Coordinates => ({ uid, namespace: 'ns', name })
const auth = (password: string) => ({ username: 'u', password })
const secret = (name: string, password: string, uid?: string): ImagePullSecret => ({
  ...at(name, uid),
  credentialHash: hashOfAuth(auth(password)),
})
const own = (name: string, password: string, uid?: string): TrackedAuth => ({
  auth: auth(password),
  source: { secret: at(name, uid) },
})
const ownAccount = (name: string): TrackedAuth => ({ auth: auth('x'), source: { serviceAccount: at(name) } })

// image_pull_policies_test.go
describe('Whether it has to be proved that a Pod may have an image', () => {
  const list = ['a.io/one', 'b.io/*', 'docker.io/library/busybox']
  it.each([
    ['NeverVerify', 'a.io/one:1', [false, false]],
    ['AlwaysVerify', 'a.io/one:1', [true, true]],
    ['NeverVerifyPreloadedImages', 'a.io/one:1', [false, true]],
    ['NeverVerifyAllowlistedImages', 'a.io/one:1', [false, false]],
    ['NeverVerifyAllowlistedImages', 'a.io/one@sha256:1', [false, false]],
    ['NeverVerifyAllowlistedImages', 'a.io/one/more', [true, true]],
    ['NeverVerifyAllowlistedImages', 'b.io/any/thing:2', [false, false]],
    ['NeverVerifyAllowlistedImages', 'b.io.c/any', [true, true]],
    ['NeverVerifyAllowlistedImages', 'busybox', [false, false]],
  ])('%s: %s', (policy, image, expected) => {
    const verify = verificationOf(policy, list)
    expect([verify(image, false), verify(image, true)]).toEqual(expected)
  })

  it.each([
    ['a.io/one', undefined],
    ['a.io/*', undefined],
    ['a.io/one/*', undefined],
    [' a.io/one', 'leading/trailing spaces are not allowed:  a.io/one'],
    ['', 'the supplied pattern is too short: '],
    ['/*', 'at least registry hostname is required'],
    ['*', "not a valid wildcard pattern, only patterns ending with '/*' are allowed: *"],
    ['a.io/*/b', "not a valid wildcard pattern, only patterns ending with '/*' are allowed: a.io/*/b"],
    ['a.io/one:1', 'neither tag nor digest is accepted in an image reference: a.io/one:1'],
    ['busybox', 'neither tag nor digest is accepted in an image reference: busybox'],
    ['a.io/One', 'failed to parse as an image name: invalid reference format: repository name (One) must be lowercase'],
    ['a.io/on e', 'failed to parse as an image name: invalid reference format'],
  ])('the pattern %j', (pattern, problem) => {
    expect(allowlistProblem([pattern])).toBe(problem)
  })
})

// image_pull_manager_test.go TestFileBasedImagePullManager_MustAttemptImagePull, Test_pulledRecordMergeNewCreds
describe('Credentials of an image', () => {
  const secrets = (...kubernetesSecrets: ImagePullSecret[]): ImagePullCredentials => ({ kubernetesSecrets })
  const accounts = (...names: string[]): ImagePullCredentials => ({
    kubernetesServiceAccounts: names.map((one) => at(one)),
  })
  it.each<[string, ImagePullCredentials, TrackedAuth[], boolean, ImagePullSecret?]>([
    ['in the same secret', secrets(secret('a', '1')), [own('a', '1')], true],
    ['in another secret', secrets(secret('a', '1')), [own('b', '1')], true, secret('b', '1')],
    ['that have changed in the same secret', secrets(secret('a', '1')), [own('a', '2')], true, secret('a', '2')],
    ['in a secret of the same name, but another', secrets(secret('a', '1')), [own('a', '2', 'new')], false],
    ['among several', secrets(secret('a', '1'), secret('b', '2')), [own('x', '3'), own('b', '2')], true],
    ['that are others', secrets(secret('a', '1')), [own('b', '2')], false],
    ['that are none', secrets(secret('a', '1')), [], false],
    ["that are the node's", secrets(secret('a', '1')), [{ auth: auth('1') }], false],
    ['without a hash', secrets({ ...at('a'), credentialHash: '' }), [own('b', '1')], false],
    ['of the service account', accounts('one', 'two'), [ownAccount('two')], true],
    ['of another service account', accounts('one'), [ownAccount('two')], false],
    ['of a service account for a secret', secrets(secret('two', 'x')), [ownAccount('two')], false],
    [
      'in another secret, when many are known',
      secrets(...Array.from({ length: 100 }, (_, i) => secret(`s${i}`, '1'))),
      [own('b', '1')],
      true,
    ],
  ])('%s', (_, known, given, matched, learnt) => {
    expect(matches(known, given)).toEqual({ matched, ...(learnt && { learnt: secrets(learnt) }) })
  })

  const record = (credentialMapping?: Record<string, ImagePullCredentials>) => ({
    lastUpdatedTime: '2026-01-01T00:00:00Z',
    imageRef: 'sha256:1',
    ...(credentialMapping && { credentialMapping }),
  })
  const everybody: ImagePullCredentials = { nodePodsAccessible: true }
  it.each<[string, ImagePullCredentials | undefined, ImagePullCredentials | undefined, ImagePullCredentials | 'same']>([
    ['of nobody', undefined, undefined, 'same'],
    ['that are none', secrets(secret('a', '1')), secrets(), 'same'],
    ['that are the first', undefined, secrets(secret('a', '1')), secrets(secret('a', '1'))],
    ['that are known', secrets(secret('a', '1')), secrets(secret('a', '1')), 'same'],
    ['that are newer', secrets(secret('a', '1')), secrets(secret('a', '2')), secrets(secret('a', '2'))],
    [
      'that are more',
      secrets(secret('b', '1')),
      secrets(secret('a', '1')),
      secrets(secret('a', '1'), secret('b', '1')),
    ],
    [
      'of an account more',
      secrets(secret('a', '1')),
      accounts('s'),
      { ...secrets(secret('a', '1')), ...accounts('s') },
    ],
    ['for all', { ...secrets(secret('a', '1')), ...accounts('s') }, everybody, everybody],
    ['for one, where all may have it', everybody, secrets(secret('a', '1')), 'same'],
  ])('%s are merged', (_, known, proved, expected) => {
    const before = record(known && { 'a.io/b': known, 'a.io/c': everybody })
    const after = withProof(before, 'a.io/b', proved)
    if (expected === 'same') expect(after).toBe(before)
    else expect(after.credentialMapping).toEqual({ ...(known && { 'a.io/c': everybody }), 'a.io/b': expected })
  })

  it('prove what they were used for', () => {
    expect(provedBy(undefined)).toEqual(everybody)
    expect(provedBy({ auth: auth('1') })).toEqual(everybody)
    expect(provedBy(own('a', '1'))).toEqual(secrets(secret('a', '1')))
    expect(provedBy(ownAccount('s'))).toEqual(accounts('s'))
    // of {"username":"u","password":"a\u003cb"}, as Go writes it
    expect(hashOfAuth(auth('a<b'))).toBe('c505c9abf520e59fe86910368c927429147b2a18ab8a8581a5bac239a48988f0')
  })
})

describe('PulledImages', () => {
  let rootDir: string
  beforeEach(async () => {
    rootDir = await mkdtemp(path.join(tmpdir(), 'kubets-pulled-'))
  })
  afterEach(() => rm(rootDir, { recursive: true }))
  const images = () => new PulledImages({ rootDir, verification: (_, ours) => ours, clock: new FakeClock(1e12), log })
  const files = (folder: string) => readdir(path.join(rootDir, 'image_manager', folder))
  const nobody = () => Promise.resolve([])

  it('counts what was being pulled when the kubelet ended as pulled by nobody knows whom', async () => {
    const before = images()
    for (const image of ['a.io/there:1', 'a.io/absent:1']) await before.begins(image)
    const after = images()
    expect(await after.mustPull('a.io/there:1', 'sha256:1', nobody)).toBe(true)
    const image = { id: 'sha256:1', repoTags: ['a.io/there:1'], repoDigests: [], size: 1, uid: 0, username: '' }
    await after.open(() => Promise.resolve([image]))
    expect([await files('pulling'), await files('pulled')].map((one) => one.length)).toEqual([1, 1])
    expect(await after.mustPull('a.io/there:1', 'sha256:1', nobody)).toBe(true)
    expect(await after.mustPull('a.io/other:1', 'sha256:2', nobody)).toBe(false)
  })

  it('keeps as upstream does what was pulled, and forgets what is no more', async () => {
    const pulled = images()
    await pulled.open(nobody)
    for (const [name, ref] of [
      ['docker.io/testing/test:something', 'sha256:1'],
      ['a.io/b', 'sha256:2'],
    ] as const) {
      await pulled.begins(name)
      await pulled.begins(name)
      await pulled.failed(name)
      expect(await files('pulling')).toHaveLength(1)
      await pulled.succeeded(name, ref, undefined)
      expect(await files('pulling')).toEqual([])
    }
    // sha256 of "sha256:1"
    const name = 'sha256-51ae7fa00c92525c319404a3a6d400e52ff9372c5a39cb415e0486fe425f3165'
    const text = await readFile(path.join(rootDir, 'image_manager', 'pulled', name), 'utf8')
    expect(text).toBe(
      '{"kind":"ImagePulledRecord","apiVersion":"kubelet.config.k8s.io/v1beta1","lastUpdatedTime":"2001-09-09T01:46:40Z","imageRef":"sha256:1","credentialMapping":{"docker.io/testing/test":{"nodePodsAccessible":true}}}\n',
    )
    await pulled.forget(new Set(), 1e12)
    expect(await files('pulled')).toHaveLength(2)
    await pulled.forget(new Set(['sha256:1']), 1e12 + 1000)
    expect(await files('pulled')).toEqual([name])
  })

  it('reads what an older kubelet wrote, and trusts nothing that nobody understands', async () => {
    const folder = path.join(rootDir, 'image_manager', 'pulled')
    await mkdir(folder, { recursive: true })
    const write = (text: string) =>
      writeFile(path.join(folder, 'sha256-51ae7fa00c92525c319404a3a6d400e52ff9372c5a39cb415e0486fe425f3165'), text)
    const old = '{"kind":"ImagePulledRecord","apiVersion":"kubelet.config.k8s.io/v1alpha1","imageRef":"sha256:1",'
    const must = () => images().mustPull('a.io/b:1', 'sha256:1', nobody)
    await write(`${old}"credentialMapping":{"a.io/b":{"nodePodsAccessible":true}}}`)
    expect(await must()).toBe(false)
    for (const odd of ['', '[]', '{}', `${old}"more":1}`, `${old}"credentialMapping":{"a.io/b":3}}`]) {
      await write(odd)
      expect(await must()).toBe(true)
    }
  })
})

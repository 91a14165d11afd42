import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { caseMs } from '@kubets/shared/testing/wait.ts'
import type { ObjectSource } from '../objects.ts'
import { container, pod } from '../pods/fixtures.ts'
import { testRuntime } from '../runtime/docker/runtime.testing.ts'
import { ensureImage, ImageError } from './ensure.ts'
import { hashOfAuth } from './pull-records.ts'
import { PulledImages } from './pulled-images.ts'
import { ImagePuller } from './puller.ts'
import { startRegistry, type TestRegistry } from './registry.testing.ts'
import { verificationOf } from './verification.ts'

const { signal } = new AbortController()
const docker = new Docker()
const runtime = testRuntime(`kubets-test-images-${process.pid}`)

/** Images of real registries, for a real Docker. */
describe('An image', { timeout: caseMs }, () => {
  let registry: TestRegistry
  let locked: TestRegistry
  const used = new Set<string>()
  let rootDir: string
  beforeAll(async () => {
    rootDir = await mkdtemp(path.join(tmpdir(), 'kubets-images-'))
    registry = await startRegistry()
    locked = await startRegistry({ name: 'somebody', password: 'secret' })
  })
  afterAll(async () => {
    for (const image of used) {
      await docker
        .getImage(image)
        .remove({ force: true })
        .catch(() => undefined)
    }
    registry.stop()
    locked.stop()
    await rm(rootDir, { recursive: true })
  })

  const from = (repository: string, { host } = registry): string => {
    const image = `${host}/${repository}`
    used.add(image)
    return image
  }
  const login = (name: string, password: string): Secret => {
    const config = { auths: { [locked.host]: { username: 'somebody', password } } }
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'default', uid: `uid-${name}` },
      data: { '.dockerconfigjson': btoa(JSON.stringify(config)) },
    }
  }
  /** What becomes of it for a Pod with these secrets; the image or the failure, and the events. */
  const ensure = async (
    image: string,
    policy: string | undefined,
    names: readonly string[] = [],
    verification = 'NeverVerifyPreloadedImages',
  ) => {
    const said: string[] = []
    const secrets = [login('good', 'secret'), login('same', 'secret'), login('bad', 'wrong')]
    // another one each time, as after a restart
    const pulled = new PulledImages({ rootDir, verification: verificationOf(verification, []), clock, log })
    await pulled.open(() => runtime.listImages(signal))
    const objects = {
      secret: (_: string, name: string) => Promise.resolve(secrets.find(({ metadata }) => metadata.name === name)),
    } as unknown as ObjectSource
    const context = {
      runtime,
      puller: new ImagePuller(runtime, pulled, 1),
      pulled,
      keyring: { lookup: () => Promise.resolve([]) },
      objects,
      recorder: {
        event: (_: unknown, type: string, reason: string, message: string) =>
          void said.push(`${type} ${reason}: ${message}`),
      },
      clock,
      lifetime: signal,
    }
    const imagePullSecrets = names.map((name) => ({ name }))
    const one = pod({ containers: [container('main', { image })], imagePullSecrets })
    try {
      return { said, found: await ensureImage(context, one, {}, { image, policy }, 0, signal) }
    } catch (error) {
      if (!(error instanceof ImageError)) throw error
      return { said, failure: error.failure }
    }
  }

  it('is pulled with the password that one of the secrets has, and what that took is told', async () => {
    const image = from('team/app:1', locked)
    const { said, found } = await ensure(image, undefined, ['bad', '', 'good'])
    expect(found?.repoDigests).toEqual([`${locked.host}/team/app@${locked.digest('team/app')}`])
    expect(said[0]).toBe(`Normal Pulling: Pulling image "${image}"`)
    expect(said[1]).toMatch(
      /^Normal Pulled: Successfully pulled image ".*\/team\/app:1" in [\d.ms]+ \([\d.ms]+ including waiting\)\. Image size: \d+ bytes\.$/,
    )
    expect(said).toHaveLength(2)
  })

  it('is not had without the password, and what is tried later says why', async () => {
    const image = from('team/locked:1', locked)
    const { said, failure } = await ensure(image, undefined, ['none', 'bad', 'nor-this'])
    const message = 'Error response from daemon: unauthorized'
    expect(said).toEqual([
      `Normal Pulling: Pulling image "${image}"`,
      'Warning FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (none, nor-this); attempting to pull the image may not succeed.',
      `Warning Failed: Failed to pull image "${image}": ${failure?.message}`,
    ])
    expect(failure).toMatchObject({ reason: 'ErrImagePull', pullSeconds: 10 })
    expect(failure?.message).toContain(message)
    expect(failure?.backOffMessage).toBe(`Back-off pulling image "${image}": ErrImagePull: ${failure?.message}`)
    const without = await ensure(image, undefined)
    expect(without.failure?.message).toContain('no basic auth credentials')
  })

  it('is pulled once where it may be there, and every time where it must be asked for', async () => {
    const image = from('often:1')
    expect((await ensure(image, 'IfNotPresent')).said[0]).toBe(`Normal Pulling: Pulling image "${image}"`)
    expect((await ensure(image, 'IfNotPresent')).said).toEqual([present(image)])
    expect((await ensure(image, 'Never')).said).toEqual([present(image)])
    expect(registry.pulls.get('often')).toBe(1)
    const again = await ensure(image, 'Always')
    expect(again.said[1]).toContain('Normal Pulled: Successfully pulled image')
  })

  const present = (image: string): string =>
    `Normal Pulled: Container image "${image}" already present on machine and can be accessed by the pod`

  it('that was pulled with a password is for those who have it', async () => {
    const image = from('team/shared:1', locked)
    const first = await ensure(image, undefined, ['good'])
    const id = first.found?.id ?? ''
    const asked = locked.pulls.get('team/shared')
    expect((await ensure(image, undefined, ['good'])).said).toEqual([present(image)])
    expect((await ensure(image, 'Never', ['bad', 'same'])).said).toEqual([present(image)])
    expect(locked.pulls.get('team/shared')).toBe(asked)
    const never = `Container image "${image}" is not present with pull policy of Never`
    expect(await ensure(image, 'Never', ['bad'])).toMatchObject({
      failure: { reason: 'ErrImageNeverPull', message: never },
      said: [`Warning ErrImageNeverPull: ${never}`],
    })
    const without = await ensure(image, 'IfNotPresent')
    expect(without.failure).toMatchObject({ reason: 'ErrImagePull' })
    expect(without.failure?.message).toContain('no basic auth credentials')
    expect((await ensure(image, undefined, [], 'NeverVerify')).said).toEqual([present(image)])
    const folder = path.join(rootDir, 'image_manager')
    expect(await readdir(path.join(folder, 'pulling'))).toEqual([])
    const files = await readdir(path.join(folder, 'pulled'))
    const texts = await Promise.all(files.map((file) => readFile(path.join(folder, 'pulled', file), 'utf8')))
    const credentialHash = hashOfAuth({ username: 'somebody', password: 'secret' })
    const secret = (name: string) => ({ uid: `uid-${name}`, namespace: 'default', name, credentialHash })
    expect(JSON.parse(texts.find((text) => text.includes(id)) ?? '')).toEqual({
      kind: 'ImagePulledRecord',
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      lastUpdatedTime: expect.any(String) as string,
      imageRef: id,
      credentialMapping: { [`${locked.host}/team/shared`]: { kubernetesSecrets: [secret('good'), secret('same')] } },
    })
  })

  it('that somebody else brought is for all, unless nobody is trusted', async () => {
    const image = from('team/preloaded:1', locked)
    await runtime.pullImage(image, { username: 'somebody', password: 'secret' }, signal)
    expect((await ensure(image, undefined)).said).toEqual([present(image)])
    expect((await ensure(image, undefined, [], 'AlwaysVerify')).failure).toMatchObject({ reason: 'ErrImagePull' })
    expect((await ensure(image, undefined, ['good'], 'AlwaysVerify')).said[0]).toContain('Pulling image')
    expect((await ensure(image, undefined, ['good'], 'AlwaysVerify')).said).toEqual([present(image)])
    // from now on it is one of the kubelet's
    expect((await ensure(image, undefined)).failure).toMatchObject({ reason: 'ErrImagePull' })
  })

  it('is the one of its digest', async () => {
    const image = from(`exact@${registry.digest('exact')}`)
    expect((await ensure(image, undefined)).found?.repoDigests).toEqual([image])
  })

  it('is the one of its digest, whatever its tag says', async () => {
    const image = from(`both:other@${registry.digest('both')}`)
    const { said, found } = await ensure(image, undefined)
    expect(found?.repoDigests).toEqual([image.replace(':other@', '@')])
    expect(said[0]).toBe(`Normal Pulling: Pulling image "${image}"`)
    expect((await ensure(image, undefined)).said).toEqual([present(image)])
  })

  it('is that of the tag latest where no tag is said', async () => {
    const image = from('untagged')
    expect((await ensure(image, undefined)).found?.repoTags).toEqual([`${image}:latest`])
  })

  it('may be one that nobody has, nobody may pull, or nobody can name', async () => {
    const missing = await ensure(from('app:none'), undefined)
    expect(missing.failure).toMatchObject({
      reason: 'ErrImagePull',
      message: 'Error response from daemon: manifest unknown',
    })
    const never = from('never:1')
    const absent = `Container image "${never}" is not present with pull policy of Never`
    expect(await ensure(never, 'Never')).toMatchObject({
      failure: { reason: 'ErrImageNeverPull', message: absent },
      said: [`Warning ErrImageNeverPull: ${absent}`],
    })
    const odd =
      'Failed to apply default image tag "Not/A:Name:1": couldn\'t parse image name "Not/A:Name:1": invalid reference format'
    expect(await ensure('Not/A:Name:1', undefined)).toMatchObject({
      failure: { reason: 'InvalidImageName', message: odd },
      said: [`Warning InspectFailed: ${odd}`],
    })
  })

  it.each([
    [1, 'one after the other'],
    [2, 'side by side'],
  ])('of which %d may be pulled at a time is pulled with another %s', async (atOnce) => {
    const pulled = new PulledImages({ rootDir, verification: verificationOf('NeverVerify', []), clock, log })
    await pulled.open(() => runtime.listImages(signal))
    const puller = new ImagePuller(runtime, pulled, atOnce)
    const [first, second] = ['first', 'second'].map((name) => from(`pulls-${String(atOnce)}/${name}:1`)) as [
      string,
      string,
    ]
    const begun = Promise.withResolvers<void>()
    let firstWasThere: boolean | undefined
    registry.before = async (repository) => {
      // side by side, the first one's end waits for the second one's begin
      if (repository.endsWith('/first')) return atOnce > 1 ? begun.promise : undefined
      firstWasThere ??= (await runtime.imageStatus(first, signal)) !== undefined
      begun.resolve()
    }
    await Promise.all([first, second].map((one) => puller.pull(one, [], signal, signal)))
    registry.before = () => undefined
    expect(firstWasThere).toBe(atOnce === 1)
  })
})

import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import type { ObjectSource } from '../objects.ts'
import { container, pod } from '../pods/fixtures.ts'
import { createDockerRuntime } from '../runtime/docker/index.ts'
import { ensureImage, ImageError } from './ensure.ts'
import { ImagePuller } from './puller.ts'
import { startRegistry, type TestRegistry } from './registry.testing.ts'

const { signal } = new AbortController()
const docker = new Docker()
const runtime = createDockerRuntime({
  endpoint: 'unix:///var/run/docker.sock',
  nodeName: `kubets-test-images-${process.pid}`,
  infraImage: 'none',
  networkName: 'none',
  negativeOomScores: false,
  clock,
  log,
})

/** Images of real registries, for a real Docker. */
describe('An image', { timeout: 120_000 }, () => {
  let registry: TestRegistry
  let locked: TestRegistry
  const used = new Set<string>()
  beforeAll(async () => {
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
      metadata: { name },
      data: { '.dockerconfigjson': btoa(JSON.stringify(config)) },
    }
  }
  /** What becomes of it for a Pod with these secrets; the image or the failure, and the events. */
  const ensure = async (image: string, policy: string | undefined, names: readonly string[] = []) => {
    const said: string[] = []
    const secrets = [login('good', 'secret'), login('bad', 'wrong')]
    const objects = {
      secret: (_: string, name: string) => Promise.resolve(secrets.find(({ metadata }) => metadata.name === name)),
    } as unknown as ObjectSource
    const context = {
      runtime,
      puller: new ImagePuller(runtime, 1),
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
    const present = `Normal Pulled: Container image "${image}" already present on machine and can be accessed by the pod`
    expect((await ensure(image, 'IfNotPresent')).said[0]).toBe(`Normal Pulling: Pulling image "${image}"`)
    expect((await ensure(image, 'IfNotPresent')).said).toEqual([present])
    expect((await ensure(image, 'Never')).said).toEqual([present])
    expect(registry.pulls.get('often')).toBe(1)
    const again = await ensure(image, 'Always')
    expect(again.said[1]).toContain('Normal Pulled: Successfully pulled image')
  })

  it('is the one of its digest', async () => {
    const image = from(`exact@${registry.digest('exact')}`)
    expect((await ensure(image, undefined)).found?.repoDigests).toEqual([image])
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
})

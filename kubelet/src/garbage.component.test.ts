import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { caseMs } from '@kubets/shared/testing/wait.ts'
import { nodeReference } from './events.ts'
import { GarbageCollector } from './garbage.ts'
import { container, pod } from './pods/fixtures.ts'
import { makeImage, removeImage, sandboxOf } from './runtime/docker/image.testing.ts'
import { testRuntime } from './runtime/docker/runtime.testing.ts'
import type { Runtime } from './runtime/types.ts'

const nodeName = `kubets-test-garbage-${process.pid}`
const images = ['used', 'mounted', 'unused'].map((name) => `kubets-test/${nodeName}-${name}:1`)
const [used = '', mounted = '', unused = ''] = images
const second = `kubets-test/${nodeName}-again`
const gibi = 2 ** 30
const signal = new AbortController().signal
const docker = testRuntime(nodeName, { infraImage: used })
// others work with this Docker, whose images are none of the test's business
const runtime: Runtime = {
  ...docker,
  listImages: async (stop) => {
    const all = await docker.listImages(stop)
    return all.filter(({ repoTags }) => repoTags.some((tag) => tag.includes(nodeName)))
  },
}

const insufficient =
  /^Warning FreeDiskSpaceFailed: Insufficient free disk space on the node's image filesystem \(99% of 100\.0 GiB used\)\. Failed to free sufficient space by deleting unused images \(freed \d{7} bytes\)\. Investigate disk usage, as it could be used by active images, logs, volumes, or other data\.$/

describe('GarbageCollector', { timeout: caseMs }, () => {
  const said: string[] = []
  let collected = 0
  const collector = (availableBytes: number): GarbageCollector =>
    new GarbageCollector({
      runtime,
      clock,
      log,
      pods: () => [
        pod({ containers: [container('a')], volumes: [{ name: 'files', image: { reference: mounted } }] }),
        pod({ containers: [] }, { metadata: { name: 'ended', uid: 'ended' }, status: { phase: 'Succeeded' } }),
      ],
      imageDisk: () => Promise.resolve({ capacityBytes: 100 * gibi, availableBytes }),
      images: { highPercent: 85, lowPercent: 80, minAgeMs: 0, maxAgeMs: 0 },
      containers: { minAgeMs: 0, maxPerContainer: 1, maxContainers: -1 },
      imageCollected: () => collected++,
      imagesLeft: () => Promise.resolve(),
      recorder: { event: (_about, type, reason, message) => said.push(`${type} ${reason}: ${message}`) },
      node: nodeReference(nodeName),
    })
  const left = async (): Promise<string[]> =>
    (await runtime.listImages(signal)).flatMap(({ repoTags }) => repoTags).toSorted()

  beforeAll(async () => {
    for (const image of images) await makeImage(image)
    await new Docker().getImage(unused).tag({ repo: second, tag: '1' })
    // of somebody else, and not even running
    await new Docker().createContainer({ Image: used, name: nodeName })
  })
  afterAll(async () => {
    await new Docker().getContainer(nodeName).remove({ force: true })
    for (const one of await runtime.listPodSandbox({}, signal)) await runtime.removePodSandbox(one.id, signal)
    for (const image of [used, mounted]) await removeImage(image)
  })

  it('leaves images alone while there is room', async () => {
    const stop = new AbortController()
    const running = collector(50 * gibi).run(stop.signal)
    await collector(50 * gibi).deleteUnusedContainers(signal)
    stop.abort()
    await running
    expect(await left()).toHaveLength(4)
  })

  it('removes what nobody uses, under all its names, and says when that is not enough', async () => {
    const stop = new AbortController()
    const full = collector(gibi)
    const running = full.run(stop.signal)
    await expect.poll(() => said, { timeout: 30_000 }).toHaveLength(1)
    stop.abort()
    await running
    expect(said).toEqual([expect.stringMatching(insufficient)])
    expect(await left()).toEqual([mounted, used].toSorted())
    expect(collected).toBe(1)
  })

  it('removes what Pods that have ended have left when room is needed', async () => {
    for (const name of ['ended', 'other']) {
      const id = await runtime.runPodSandbox(sandboxOf({ name, namespace: 'default', uid: name }), signal)
      await new Docker().getContainer(id).kill()
    }
    await collector(50 * gibi).deleteUnusedContainers(signal)
    expect((await runtime.listPodSandbox({}, signal)).map((one) => one.pod.name)).toEqual(['other'])
  })
})

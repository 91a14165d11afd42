import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { run } from '../harness/kubectl.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { podUntil, shell, startPod } from '../harness/pods.ts'
import { serveImage, type Registry } from '../harness/registry.ts'

/** Images whose files a Pod has as a volume. */
describe.concurrent('a volume of an image', () => {
  let ns: Namespace
  let registry: Registry
  beforeAll(async () => {
    ns = await makeNamespace('image-volume')
    registry = await serveImage('kubets-test/kitten', [
      { 'etc/os-release': 'NAME="Alpine Linux"\n', 'data.json': '{}\n' },
      { 'data.json': '{"image":"kitten.jpg"}\n' },
    ])
  })
  afterAll(async () => {
    await registry.stop()
    await removeNamespace(ns)
    await run('docker', ['rmi', '-f', registry.image])
  })

  const pod = (image: object, mount: object = {}): object => ({
    volumes: [{ name: 'volume', image }],
    containers: [
      {
        name: 'test',
        ...shell('while true; do echo test; sleep 1; done'),
        volumeMounts: [{ name: 'volume', mountPath: '/volume', ...mount }],
      },
    ],
  })
  const cat = (name: string, file: string): Promise<string> => ns.kubectl(['exec', name, '--', 'cat', file])

  it(`is pulled and mounted${covers('Image Volume')}`, async () => {
    await startPod(ns, 'always', pod({ reference: registry.image, pullPolicy: 'Always' }))
    await podUntil(ns, 'always', 'to run', ({ status }) => status.phase === 'Running')
    expect(registry.pulls()).toBeGreaterThan(0)
    expect(await cat('always', '/volume/data.json')).toContain('kitten.jpg')
    expect(await cat('always', '/volume/etc/os-release')).toContain('Alpine Linux')
    const written = await ns.try(['exec', 'always', '--', 'touch', '/volume/new'])
    expect(written.stderr).toContain('Read-only file system')
    await ns.kubectl(['delete', 'pod', 'always', '--timeout=60s'], { timeoutMs: 70_000 })
  })

  it('is a part of the image, where a subPath says so', async () => {
    await startPod(ns, 'part', pod({ reference: registry.image }, { subPath: 'etc' }))
    await podUntil(ns, 'part', 'to run', ({ status }) => status.phase === 'Running')
    expect(await cat('part', '/volume/os-release')).toContain('Alpine Linux')
  })

  it('is waited for when there is no such image', async () => {
    await startPod(ns, 'none', pod({ reference: `${registry.image.replace('kitten', 'none')}`, pullPolicy: 'Never' }))
    const waiting = await podUntil(ns, 'none', 'to wait', ({ status }) =>
      Boolean(status.containerStatuses?.[0]?.state.waiting?.message),
    )
    expect(waiting.status.containerStatuses?.[0]?.state.waiting?.reason).toBe('ErrImageNeverPull')
  })
})

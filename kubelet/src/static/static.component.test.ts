import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { nodes, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'
import { FileSource } from './file-source.ts'

const signal = new AbortController().signal
const runs = ({ status }: Pod): boolean => status?.phase === 'Running'

describe('Static Pods of a folder', { timeout: caseMs }, () => {
  const stopping = new AbortController()
  const reached = Promise.withResolvers<void>()
  const told: unknown[] = []
  let node: TestNode
  let folder: string
  let source: Promise<void>
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-static-'))
    node = await startTestNode(
      { cpu: '1', memory: '1Gi', pods: '20', 'ephemeral-storage': '1Gi' },
      undefined,
      reached.promise,
    )
    const nothing = (): void => undefined
    const log: Logger = { debug: nothing, info: nothing, warn: nothing, error: (about) => void told.push(about) }
    const found = (all: readonly Pod[]): void => node.setStatic('file', all)
    // what is seen here is seen by the watch
    source = new FileSource(folder, { nodeName: node.name, periodMs: 3_600_000, clock, log, found }).run(
      stopping.signal,
    )
  })
  afterAll(async () => {
    stopping.abort()
    await source
    await node.stop()
    await rm(folder, { recursive: true })
  })

  const write = async (file: string, text: string): Promise<void> => {
    await writeFile(path.join(folder, `.${file}`), text)
    await rename(path.join(folder, `.${file}`), path.join(folder, file))
  }
  const manifest = (name: string, value: string): string => {
    const command = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 0.1; done']
    const containers = [{ name: 'main', image: node.image, command, env: [{ name: 'V', value }] }]
    const spec = { hostNetwork: true, terminationGracePeriodSeconds: 20, containers }
    return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec })
  }
  const mirrorName = (name: string): string => `${name}-${node.name}`
  const containersOf = async (name: string) => {
    const all = await node.runtime.listContainers({}, signal)
    return all.filter((one) => one.pod.name === mirrorName(name) && one.state === 'CONTAINER_RUNNING')
  }
  const mirror = (name: string, check: (pod: Pod) => unknown): Promise<Pod> =>
    waitFor(async () => {
      const pod = await node.get(mirrorName(name)).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
      return pod && check(pod) ? pod : undefined
    })

  it('run before the API server is reached, and are shown there then', async () => {
    await write('web.json', manifest('web', '1'))
    const container = await waitFor(async () => (await containersOf('web'))[0])
    reached.resolve()
    const { metadata, status } = await mirror('web', runs)
    expect(metadata.annotations).toEqual({
      'kubernetes.io/config.hash': container.pod.uid,
      'kubernetes.io/config.mirror': container.pod.uid,
      'kubernetes.io/config.source': 'file',
      'kubernetes.io/config.seen': expect.stringMatching(/^\d{4}-.*Z$/),
    })
    const { uid } = (await node.client.get(nodes, node.name)).metadata
    expect(metadata.ownerReferences).toEqual([
      { apiVersion: 'v1', kind: 'Node', name: node.name, uid, controller: true },
    ])
    expect(metadata.uid).not.toBe(container.pod.uid)
    expect(status).toMatchObject({ observedGeneration: metadata.generation, qosClass: 'BestEffort' })
    expect(status?.containerStatuses?.[0]?.containerID).toContain(container.id)
    expect(await containersOf('web')).toEqual([container])
  })

  it('stay when their mirror is deleted, and have another one then', async () => {
    const [container] = await containersOf('web')
    for (const gracePeriodSeconds of [30, 0]) {
      const before = await mirror('web', runs)
      await node.client.delete(pods, mirrorName('web'), { namespace: 'default', gracePeriodSeconds })
      const after = await mirror('web', (pod) => pod.metadata.uid !== before.metadata.uid && runs(pod))
      expect(after.status?.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 0 })
    }
    expect(await containersOf('web')).toEqual([container])
  })

  it('are others when their file is another, one after the other; and a file that is no Pod changes nothing', async () => {
    const [before] = await containersOf('web')
    await write('bad.yaml', 'kind: [')
    await write(
      'secret.yaml',
      manifest('secret', '1').replace('"hostNetwork"', '"serviceAccountName":"x","hostNetwork"'),
    )
    await waitFor(() => told.length === 2 || undefined)
    expect(told).toEqual([
      { path: path.join(folder, 'bad.yaml'), error: expect.stringContaining("couldn't parse as pod(yaml: line 1") },
      { path: path.join(folder, 'secret.yaml'), error: 'static pods may not reference serviceaccounts' },
    ])
    expect(await containersOf('web')).toEqual([before])
    await write('web.json', manifest('web', '2'))
    const hash = before?.pod.uid
    const after = await mirror(
      'web',
      (pod) => pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== hash && runs(pod),
    )
    expect(after.spec.containers[0]?.env).toEqual([{ name: 'V', value: '2' }])
    const [now, ...rest] = await containersOf('web')
    expect([now?.pod.uid, rest]).toEqual([after.metadata.annotations?.['kubernetes.io/config.mirror'], []])
  })

  it('end with their file, and their mirror after them', async () => {
    await rm(path.join(folder, 'web.json'))
    await waitFor(async () => {
      const gone = await node.get(mirrorName('web')).then(() => false, isNotFound)
      // nothing of it is left when its mirror goes
      if (gone) expect(await containersOf('web')).toEqual([])
      return gone || undefined
    })
    await waitFor(async () => (await node.runtime.listPodSandbox({}, signal)).length === 0 || undefined)
  })
})

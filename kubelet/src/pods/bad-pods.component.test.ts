import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { configMaps } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeImage, removeImage } from '../runtime/docker/image.testing.ts'
import { makeDisk, type TestDisk } from '../volumes/disk.testing.ts'
import { idOf, lookAt, runs, shell, statusOf } from './look.testing.ts'
import { startTestNode, type TestNode } from './node.testing.ts'

const signal = new AbortController().signal
const docker = new Docker()
const shellLess = `kubets-test/shell-less-${process.pid}:1`
const namespace = 'default'

/** What Pods and their containers may do wrong, and what may be done to them, one Pod each. */
describe('A node with bad Pods', { timeout: caseMs }, () => {
  let node: TestNode
  let look: ReturnType<typeof lookAt>
  let disk: TestDisk
  let rootDir: string

  beforeAll(async () => {
    // one that is soon full
    disk = await makeDisk(24)
    rootDir = disk.place
    await makeImage(shellLess, ['sleep'])
    node = await startTestNode({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '40' }, { rootDir })
    look = lookAt(node)
  })
  afterAll(async () => {
    await node.stop()
    await removeImage(shellLess)
    await disk.remove()
  })

  const containersOf = async (pod: Pod) => node.runtime.listContainers({ podUid: pod.metadata.uid ?? '' }, signal)
  /** Nothing of it is left on the node: no container, no folder. */
  const nothingOf = async ({ metadata: { uid = '' } }: Pod): Promise<void> => {
    const label = [`io.kubernetes.pod.uid=${uid}`]
    await waitFor(async () => (await docker.listContainers({ all: true, filters: { label } })).length === 0)
    await waitFor(async () => !(await readdir(path.join(rootDir, 'pods'))).includes(uid))
  }

  describe.concurrent('at the same time', () => {
    it('lives with images that have no shell', async () => {
      const readinessProbe = { exec: { command: ['sh', '-c', 'true'] }, periodSeconds: 1, timeoutSeconds: 30 }
      await node.run('shell-less', { containers: [{ name: 'main', image: shellLess, readinessProbe }] })
      const pod = await node.until('shell-less', runs)
      expect(await look.event('shell-less', 'Unhealthy')).toMatch(
        /^Readiness probe (failed|errored and resulted in unknown state): .*"sh": executable file/,
      )
      const options = { command: ['sh'], stdin: false, stdout: true, stderr: true, tty: false }
      const session = await node.runtime.exec(idOf(pod), options, signal)
      expect((await buffer(session.stdout as Readable)).toString()).toContain('executable file not found')
      expect([126, 127]).toContain(await session.done)
      expect(statusOf(await node.get('shell-less'))).toMatchObject({ restartCount: 0, ready: false })
    })

    it('says which entrypoint does not exist, and starts it again and again', async () => {
      await node.run('no-entry', { containers: [{ name: 'main', command: ['/no/such'] }] })
      const { message } =
        statusOf(await node.until('no-entry', (pod) => statusOf(pod)?.state?.waiting?.reason === 'RunContainerError'))
          ?.state?.waiting ?? {}
      expect(message).toMatch(/^failed to start container "main": Error response from daemon: .*\/no\/such/)
      const after = await node.until('no-entry', (pod) => statusOf(pod)?.state?.waiting?.reason === 'CrashLoopBackOff')
      expect(statusOf(after)?.lastState?.terminated).toMatchObject({ exitCode: 127, reason: 'ContainerCannotRun' })
      expect(await look.event('no-entry', 'BackOff')).toContain('Back-off restarting failed container main')
    })

    it('starts nothing of a Pod whose claims it cannot prepare', async () => {
      const resourceClaims = [{ name: 'thing', resourceClaimName: 'of-nobody' }]
      await node.run('claiming', { resourceClaims, containers: [{ name: 'main' }] })
      expect(await look.event('claiming', 'FailedPrepareDynamicResources')).toMatch(
        /^Failed to prepare dynamic resources: prepare dynamic resources: /,
      )
      const pod = await node.until('claiming', (one) => statusOf(one)?.state?.waiting)
      expect(statusOf(pod)?.state?.waiting?.reason).toBe('ContainerCreating')
      expect(await containersOf(pod)).toEqual([])
      await look.remove('claiming')
      await look.gone('claiming')
    })

    it('kills what ignores SIGTERM, once its grace is over', async () => {
      const script = 'trap "" TERM; echo up; while :; do sleep 0.1; done'
      const pod = await node.run('deaf', { containers: [{ name: 'main', ...shell(script) }] })
      const up = await node.until('deaf', runs)
      await waitFor(async () => (await look.logOf(idOf(up))).toString() === 'up\n')
      const told = (await docker.getEvents({ filters: { container: [idOf(up)], event: ['die'] } })) as Readable
      await look.remove('deaf')
      const [text] = (await once(told, 'data')) as [Buffer]
      told.destroy()
      const { Actor } = JSON.parse(text.toString()) as { Actor: { Attributes: { exitCode?: string } } }
      expect(Actor.Attributes.exitCode).toBe('137')
      await look.gone('deaf')
      await nothingOf(pod)
    })

    it('keeps of a flood of logs the end, and of the disk a bounded part', async () => {
      const script = 'head -c 56000000 /dev/zero | tr "\\000" x; echo; echo the end'
      await node.run('flood', { restartPolicy: 'Never', containers: [{ name: 'main', ...shell(script) }] })
      const pod = await node.until('flood', ({ status }) => status?.phase === 'Succeeded')
      expect((await look.logOf(idOf(pod), 1)).toString()).toBe('the end\n')
      const { LogPath } = (await docker.getContainer(idOf(pod)).inspect()) as unknown as { LogPath: string }
      const files = (await readdir(path.dirname(LogPath))).filter((name) => name.includes('-json.log'))
      const sizes = await Promise.all(files.map((name) => stat(path.join(path.dirname(LogPath), name))))
      expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(51 << 20)
      await look.remove('flood')
      await look.gone('flood')
    })

    it('takes bytes and lines without end for what they are', async () => {
      const script =
        'printf "a\\\\000b\\\\r\\\\033[1mc"; head -c 100000 /dev/zero | tr "\\\\000" x; echo -n end; exit 3'
      const terminationMessagePolicy = 'FallbackToLogsOnError'
      await node.run('binary', {
        restartPolicy: 'Never',
        containers: [{ name: 'main', ...shell(script.replaceAll('\\\\', '\\')), terminationMessagePolicy }],
      })
      const pod = await node.until('binary', ({ status }) => status?.phase === 'Failed')
      const log = await look.logOf(idOf(pod))
      expect(log.toString('latin1')).toBe(`a\0b\r\x1b[1mc${'x'.repeat(100_000)}end`)
      const { terminated } = statusOf(pod)?.state ?? {}
      expect(terminated).toMatchObject({ exitCode: 3, reason: 'Error' })
      expect(terminated?.message).toBe(`${'x'.repeat(2045)}end`)
    })

    it('sees the end of what lives for a millisecond, every time', async () => {
      const containers = Array.from({ length: 4 }, (_, at) => ({ name: `c${at}`, command: ['sh', '-c', `exit ${at}`] }))
      await node.run('short', { restartPolicy: 'Never', containers })
      const { status } = await node.until('short', (pod) => pod.status?.phase === 'Failed')
      const ends = status?.containerStatuses?.map(({ state }) => state?.terminated)
      expect(ends?.map((one) => one?.exitCode)).toEqual([0, 1, 2, 3])
      for (const one of ends ?? []) {
        expect(Date.parse(one?.startedAt ?? '')).toBeLessThanOrEqual(Date.parse(one?.finishedAt ?? ''))
      }
      await node.run('short-again', { containers: [{ name: 'main', command: ['true'] }] })
      const after = await node.until(
        'short-again',
        (pod) => statusOf(pod)?.state?.waiting?.reason === 'CrashLoopBackOff',
      )
      expect(statusOf(after)).toMatchObject({ lastState: { terminated: { exitCode: 0, reason: 'Completed' } } })
    })

    it('ends an exec with its container', async () => {
      await node.run('exec-exit', {
        restartPolicy: 'Never',
        containers: [{ name: 'main', ...shell('sleep 1000') }],
      })
      const id = idOf(await node.until('exec-exit', runs))
      const command = ['sh', '-c', 'echo up; exec sleep 1000']
      const options = { command, stdin: false, stdout: true, stderr: true, tty: false }
      const session = await node.runtime.exec(id, options, signal)
      session.stderr?.resume()
      await new Promise((resolve) => session.stdout?.once('data', resolve))
      await docker.getContainer(id).kill()
      expect(await session.done).toBe(137)
      const { status } = await node.until('exec-exit', (pod) => pod.status?.phase === 'Failed')
      expect(status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(137)
    })

    it('takes a probe that hangs for a failed one', async () => {
      const sockets = new Set<net.Socket>()
      // it takes connections and never says a word
      const mute = net.createServer((socket) => sockets.add(socket.on('error', () => undefined)))
      await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
      const { port } = mute.address() as net.AddressInfo
      const quick = { periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 1 }
      try {
        await node.run('hanging', {
          containers: [
            { name: 'exec', livenessProbe: { ...quick, exec: { command: ['sleep', '1000'] } } },
            { name: 'http', livenessProbe: { ...quick, httpGet: { host: '127.0.0.1', port } } },
          ],
        })
        await node.until('hanging', ({ status }) => status?.containerStatuses?.every((one) => one.restartCount > 0))
        expect(await look.event('hanging', 'Unhealthy', 'command timed out')).toBe(
          'Liveness probe failed: command timed out: "sleep 1000" timed out after 1s',
        )
        await look.event('hanging', 'Killing', 'Container http failed liveness probe, will be restarted')
        await look.remove('hanging')
        await look.gone('hanging')
      } finally {
        for (const one of sockets) one.destroy()
        mute.close()
      }
    })

    it('shows a ConfigMap of 1 MiB with odd keys, in files and variables', async () => {
      const odd = ['__proto__', 'constructor', '.hidden', '-x', 'a..b', 'toString', 'k'.repeat(253)]
      const small = Object.fromEntries(odd.map((key) => [key, `of ${key.slice(0, 20)}`]))
      const data = JSON.parse(JSON.stringify({ ...small, big: 'x'.repeat(1_040_000) })) as Record<string, string>
      Object.defineProperty(data, '__proto__', { value: 'of __proto__', enumerable: true })
      await node.client.create(configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'odd', namespace },
        data,
      })
      const files = `cd /odd; for f in ${odd.map((key) => `./${key}`).join(' ')}; do cat $f; echo; done; wc -c < big`
      await node.run('odd-map', {
        restartPolicy: 'Never',
        volumes: [{ name: 'odd', configMap: { name: 'odd' } }],
        containers: [
          { name: 'files', ...shell(files), volumeMounts: [{ name: 'odd', mountPath: '/odd' }] },
          {
            name: 'variables',
            ...shell('env | sort'),
            env: odd.map((key, at) => ({ name: `V${at}`, valueFrom: { configMapKeyRef: { name: 'odd', key } } })),
          },
        ],
      })
      const pod = await node.until('odd-map', ({ status }) => status?.phase === 'Succeeded')
      const all = await containersOf(pod)
      const said = async (name: string) => (await look.logOf(all.find((one) => one.name === name)?.id ?? '')).toString()
      expect(await said('files')).toBe(`${odd.map((key) => `of ${key.slice(0, 20)}\n`).join('')}1040000\n`)
      for (const [at, key] of odd.entries())
        expect(await said('variables')).toContain(`V${at}=of ${key.slice(0, 20)}\n`)
    })

    it('lets a Pod go while its image is being pulled', async () => {
      const asked = Promise.withResolvers<void>()
      const sockets = new Set<net.Socket>()
      const registry = net.createServer((socket) => {
        sockets.add(socket.on('error', () => undefined))
        asked.resolve()
      })
      await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
      const { port } = registry.address() as net.AddressInfo
      try {
        const containers = [{ name: 'main', image: `127.0.0.1:${port}/never:1` }]
        const pod = await node.run('pulling', { terminationGracePeriodSeconds: 1000, containers })
        await asked.promise
        await look.remove('pulling')
        await look.gone('pulling')
        await nothingOf(pod)
      } finally {
        for (const one of sockets) one.destroy()
        registry.close()
      }
    })

    it('lets a Pod go while it waits for its volumes', async () => {
      const pod = await node.run('mounting', {
        terminationGracePeriodSeconds: 1000,
        volumes: [{ name: 'map', configMap: { name: 'not-there' } }],
        containers: [{ name: 'main', volumeMounts: [{ name: 'map', mountPath: '/map' }] }],
      })
      expect(await look.event('mounting', 'FailedMount')).toContain('configmap "not-there" not found')
      await look.remove('mounting')
      await look.gone('mounting')
      await nothingOf(pod)
    })

    it('ends what is deleted by force, and its namesake is another', async () => {
      const script = 'trap "" TERM; while :; do sleep 0.1; done'
      const containers = [{ name: 'main', ...shell(script) }]
      const before = await node.run('forced', { terminationGracePeriodSeconds: 2, containers })
      await node.until('forced', runs)
      await look.remove('forced', { gracePeriodSeconds: 0 })
      await node.run('forced', { terminationGracePeriodSeconds: 1000, containers })
      const after = await node.until('forced', runs)
      expect(after.metadata.uid).not.toBe(before.metadata.uid)
      await nothingOf(before)
      expect(await containersOf(after)).toHaveLength(1)
      // a shorter grace ends a longer one that goes on
      await look.remove('forced')
      await look.event('forced', 'Killing')
      await look.remove('forced', { gracePeriodSeconds: 1 })
      await look.gone('forced')
    })

    it('finds by their labels what nobody owns, and touches nothing else', async () => {
      const own = {
        'kubets.node': node.name,
        'io.kubernetes.docker.type': 'container',
        'io.kubernetes.pod.name': 'orphan',
      }
      const pod = { 'io.kubernetes.pod.namespace': namespace, 'io.kubernetes.pod.uid': `orphan-${process.pid}` }
      const more = { 'io.kubernetes.container.name': 'main', 'kubets.attempt': '0', 'io.kubernetes.sandbox.id': 'none' }
      const make = async (Labels: Record<string, string>) => {
        const made = await docker.createContainer({ Image: node.image, Labels, HostConfig: { NetworkMode: 'none' } })
        await made.start()
        return made
      }
      const foreign = [
        await make({}),
        await make({ ...own, ...pod, ...more, 'kubets.node': 'another' }),
        await make({ 'io.kubernetes.pod.name': 'orphan', ...pod }),
      ]
      const orphan = await make({ ...own, ...pod, ...more })
      try {
        const ours = { label: [`kubets.node=${node.name}`, `io.kubernetes.pod.uid=orphan-${process.pid}`] }
        await waitFor(async () => (await docker.listContainers({ all: true, filters: ours })).length === 0)
        for (const one of foreign) expect((await one.inspect()).State.Running).toBe(true)
      } finally {
        for (const one of foreign) await one.remove({ force: true })
        await orphan.remove({ force: true }).catch(() => undefined)
      }
    })
  })

  it('goes on when a Pod fills its disk', async () => {
    const script = 'cat /dev/zero > /data/all; echo $?; sleep 1000'
    const volumes = [{ name: 'data', emptyDir: {} }]
    const volumeMounts = [{ name: 'data', mountPath: '/data' }]
    const filler = await node.run('filler', { volumes, containers: [{ name: 'main', ...shell(script), volumeMounts }] })
    const id = idOf(await node.until('filler', runs))
    await waitFor(async () => (await look.logOf(id)).toString() === '1\n', 'the disk to be full')
    // its map does not fit any more
    await node.run('no-room', {
      restartPolicy: 'Never',
      volumes: [{ name: 'odd', configMap: { name: 'odd' } }],
      containers: [{ name: 'main', ...shell('wc -c < /odd/big'), volumeMounts: [{ name: 'odd', mountPath: '/odd' }] }],
    })
    expect(await look.event('no-room', 'FailedMount')).toMatch(/^MountVolume\.SetUp failed for volume "odd" : ENOSPC/)
    expect((await node.get('no-room')).status?.phase).toBe('Pending')
    await look.remove('filler')
    await look.gone('filler')
    await nothingOf(filler)
    await node.until('no-room', ({ status }) => status?.phase === 'Succeeded')
  })
})

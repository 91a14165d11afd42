import { lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ContainerConfig, ContainerEvent } from '../types.ts'
import { unmount } from '../../volumes/mounts.ts'
import { makeImage, removeImage, sandboxOf } from './image.testing.ts'
import { createDockerRuntime } from './index.ts'
import { testRuntime } from './runtime.testing.ts'

const image = 'kubets-test/runtime:1'
const nodeName = `kubets-test-${process.pid}`
const signal = new AbortController().signal
const runtime = testRuntime(nodeName, { infraImage: image, networkName: 'bridge' })

const pod = { name: 'web', namespace: 'default', uid: `uid-${process.pid}` }
const sandboxConfig = sandboxOf(pod)

function config(name: string, script: string, more: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    name,
    attempt: 0,
    image,
    command: ['sh', '-c', script],
    args: [],
    workingDir: '/tmp',
    stopSignal: '',
    env: ['GREETING=hello'],
    mounts: [],
    devices: [],
    cdiDevices: [],
    labels: { 'kubets.back-off': '10' },
    annotations: {},
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: { cpuShares: 102, cpuQuota: 50_000, cpuPeriod: 100_000, memoryLimit: 16 << 20, oomScoreAdj: 900 },
    security: {
      runAsUser: undefined,
      runAsUsername: '',
      appArmor: '',
      runAsGroup: undefined,
      supplementalGroups: [],
      privileged: false,
      capabilitiesAdd: [],
      capabilitiesDrop: [],
      readonlyRootfs: false,
      noNewPrivileges: false,
      unmaskedProc: false,
      seccomp: 'Unconfined',
    },
    pidTarget: undefined,
    ...more,
  }
}

describe('Docker runtime', () => {
  let sandboxId: string
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-runtime-'))
    await makeImage(image)
    sandboxId = await runtime.runPodSandbox(sandboxConfig, signal)
  })

  afterAll(async () => {
    for (const one of await runtime.listPodSandbox({}, signal)) await runtime.removePodSandbox(one.id, signal)
    expect(await runtime.listContainers({}, signal)).toEqual([])
    await removeImage(image)
    await rm(folder, { recursive: true })
  })

  const start = async (options: ContainerConfig): Promise<string> => {
    const id = await runtime.createContainer(sandboxId, options, sandboxConfig, signal)
    await runtime.startContainer(id, signal)
    return id
  }

  const ended = async (id: string) => {
    await runtime.context.docker.getContainer(id).wait()
    return runtime.containerStatus(id, signal)
  }

  it('answers for itself', async () => {
    expect(await runtime.status(signal)).toBeUndefined()
    expect((await runtime.version(signal)).runtimeName).toBe('docker')
    expect((await runtime.imageStatus(image, signal))?.repoTags).toEqual([image])
    expect(await runtime.imageStatus('kubets-test/none', signal)).toBeUndefined()
  })

  it('knows its sandbox by its labels', async () => {
    const [sandbox] = await runtime.listPodSandbox({ podUid: pod.uid }, signal)
    expect(sandbox).toMatchObject({ id: sandboxId, pod, attempt: 0, state: 'SANDBOX_READY' })
    const status = await runtime.podSandboxStatus(sandboxId, signal)
    expect(status.ips).toHaveLength(1)
    expect(status.pid).toBeGreaterThan(1)
    expect(await runtime.listPodSandbox({ podUid: 'other' }, signal)).toEqual([])
  })

  it('runs a container to its end in the sandbox', async () => {
    const script = 'echo $GREETING; hostname; ip addr show eth0 >&2; exit 3'
    const id = await start(config('one', script))
    const status = await ended(id)
    expect(status).toMatchObject({ name: 'one', state: 'CONTAINER_EXITED', exitCode: 3, reason: 'Error', sandboxId })
    expect(status.labels['kubets.back-off']).toBe('10')
    const logs = await runtime.containerLogs(id, { follow: false, timestamps: false }, signal)
    const [out, err] = await Promise.all([text(logs.stdout), text(logs.stderr)])
    expect(out).toBe('hello\nweb\n')
    const [ip] = (await runtime.podSandboxStatus(sandboxId, signal)).ips
    expect(err).toContain(ip)
  })

  it('sets limits and mounts', async () => {
    const mounts = [{ hostPath: folder, containerPath: '/data', readonly: false, propagation: 'private' as const }]
    const id = await start(config('limits', 'echo written > /data/file', { mounts }))
    expect(await ended(id)).toMatchObject({ exitCode: 0, reason: 'Completed' })
    expect(await readFile(path.join(folder, 'file'), 'utf8')).toBe('written\n')
    const { HostConfig } = await runtime.context.docker.getContainer(id).inspect()
    expect(HostConfig).toMatchObject({ CpuShares: 102, CpuQuota: 50_000, Memory: 16 << 20, OomScoreAdj: 900 })
  })

  it('mounts what is in an image, for reading', async () => {
    const place = path.join(folder, 'image')
    await mkdir(place)
    const { id } = (await runtime.imageStatus(image, signal)) ?? { id: '' }
    await runtime.mountImage(id, place, signal)
    try {
      expect((await lstat(path.join(place, 'bin/busybox'))).isFile()).toBe(true)
      await expect(writeFile(path.join(place, 'new'), '')).rejects.toThrow('EROFS')
    } finally {
      await unmount(place, signal)
    }
  })

  it('lets a container see the processes of another', async () => {
    const target = await start(config('target', 'exec sleep 1234'))
    const id = await start(config('looker', 'ps', { pidTarget: target }))
    await ended(id)
    const logs = await runtime.containerLogs(id, { follow: false, timestamps: false }, signal)
    expect(await text(logs.stdout)).toContain('sleep 1234')
  })

  it('says why a container cannot be started', async () => {
    const id = await runtime.createContainer(
      sandboxId,
      config('bad', '', { command: ['/no/such'] }),
      sandboxConfig,
      signal,
    )
    await expect(runtime.startContainer(id, signal)).rejects.toThrow(/Error response from daemon: .*no such file/)
    expect(await runtime.containerStatus(id, signal)).toMatchObject({
      state: 'CONTAINER_EXITED',
      reason: 'ContainerCannotRun',
    })
  })

  it('changes the limits of what runs', async () => {
    const id = await start(config('resized', 'exec sleep 1000'))
    const resources = { cpuShares: 204, cpuQuota: 70_000, cpuPeriod: 100_000, memoryLimit: 24 << 20, oomScoreAdj: 0 }
    await runtime.updateContainerResources(id, resources, signal)
    const { HostConfig } = await runtime.context.docker.getContainer(id).inspect()
    expect(HostConfig).toMatchObject({ CpuShares: 204, CpuQuota: 70_000, Memory: 24 << 20, OomScoreAdj: 900 })
    await runtime.updateContainerResources(id, { ...resources, memoryLimit: 12 << 20 }, signal)
    const values = ['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max']
    const { stdout } = await runtime.execSync(id, ['sh', '-c', `cat ${values.join(' ')}`], 60_000, signal)
    expect(stdout.toString()).toBe(`${12 << 20}\n`)
    await runtime.stopContainer(id, 0, signal)
  })

  it('refuses a runtime that it does not have, by name', async () => {
    const other = { ...sandboxConfig, pod: { ...pod, uid: 'other' }, runtimeHandler: 'no-such' }
    await expect(runtime.runPodSandbox(other, signal)).rejects.toThrow(/[Uu]nknown.*runtime.*no-such/)
  })

  it('makes a container again that was left half made', async () => {
    const first = await runtime.createContainer(sandboxId, config('again', 'exit 0'), sandboxConfig, signal)
    const second = await runtime.createContainer(sandboxId, config('again', 'exit 0'), sandboxConfig, signal)
    expect(second).not.toBe(first)
  })

  it('executes commands, with input and without', async () => {
    const id = await start(config('exec', 'trap "exit 7" TERM; while :; do sleep 0.1; done'))
    const result = await runtime.execSync(id, ['sh', '-c', 'echo out; echo err >&2; exit 5'], 60_000, signal)
    expect([result.stdout.toString(), result.stderr.toString(), result.exitCode]).toEqual(['out\n', 'err\n', 5])
    await expect(runtime.execSync(id, ['sleep', '60'], 200, signal)).rejects.toMatchObject({ code: 'Timeout' })
    const options = { command: ['cat'], stdin: true, stdout: true, stderr: false, tty: false }
    const session = await runtime.exec(id, options, signal)
    const big = 'x'.repeat(300_000)
    session.stdin?.end(big)
    expect(await text(session.stdout as Readable)).toBe(big)
    expect(await session.done).toBe(0)
    const terminal = await runtime.exec(id, { ...options, command: ['tty'], tty: true }, signal)
    expect(await text(terminal.stdout as Readable)).toBe('/dev/pts/0\r\n')
    await runtime.stopContainer(id, 5, signal)
    expect(await runtime.containerStatus(id, signal)).toMatchObject({ exitCode: 7 })
    await runtime.stopContainer(id, 5, signal)
    await runtime.stopContainer('no-such-container', 5, signal)
  })

  it.each([
    ['goes on', false, 'read x; sleep 0.3; echo got $x; exit 3', 'got a\n'],
    ['ends the input of a container that wants it once', true, 'cat; echo over', 'a\nover\n'],
  ])('an attached session whose input ends %s', async (name, stdinOnce, script, said) => {
    const id = await start(config(`attach-${name.split(' ')[0]}`, script, { stdin: true, stdinOnce }))
    const session = await runtime.attach(id, { stdin: true, stdout: true, stderr: false }, signal)
    session.stdin?.end('a\n')
    expect(await text(session.stdout as Readable)).toBe(said)
    expect(await session.done).toBe(0)
  })

  it('follows a log until its end', async () => {
    const id = await start(config('log', 'echo a; sleep 0.3; echo b'))
    const logs = await runtime.containerLogs(id, { follow: true, timestamps: false }, signal)
    logs.stderr.resume()
    expect(await text(logs.stdout)).toBe('a\nb\n')
    const last = await runtime.containerLogs(id, { follow: false, timestamps: true, tail: 1 }, signal)
    last.stderr.resume()
    expect(await text(last.stdout)).toMatch(/^\d{4}-.*Z b\n$/)
  })

  it('follows a log over the turn of its files, of which it keeps as many as it may', async () => {
    const few = createDockerRuntime({
      ...runtime.context,
      endpoint: 'unix:///var/run/docker.sock',
      logFiles: { maxBytes: 32_768, maxFiles: 2 },
    })
    // three files' worth of lines
    const script =
      'sleep 1; i=0; while [ $i -lt 1200 ]; do echo line $i; i=$((i + 1)); [ $((i % 50)) -gt 0 ] || sleep 0.05; done'
    const id = await few.createContainer(sandboxId, config('turned', script), sandboxConfig, signal)
    await few.startContainer(id, signal)
    const lines = async (follow: boolean): Promise<string[]> => {
      const logs = await few.containerLogs(id, { follow, timestamps: false }, signal)
      logs.stderr.resume()
      return (await text(logs.stdout)).trim().split('\n')
    }
    const all = Array.from({ length: 1200 }, (_, i) => `line ${i}`)
    expect(await lines(true)).toEqual(all)
    const kept = await lines(false)
    expect(kept).toEqual(all.slice(-kept.length))
    expect(kept.length).toBeLessThan(all.length)
  })

  it('tells what happens', async () => {
    const stop = new AbortController()
    const seen: ContainerEvent[] = []
    const { promise: begun, resolve } = Promise.withResolvers<void>()
    const following = (async () => {
      for await (const event of runtime.containerEvents(stop.signal)) {
        seen.push(event)
        if (event.type === 'missed') resolve()
        if (event.type === 'deleted') return
      }
    })()
    await begun
    const id = await start(config('events', 'exit 0'))
    await ended(id)
    await runtime.removeContainer(id, signal)
    await following
    stop.abort()
    expect(seen.map((event) => event.type)).toEqual(['missed', 'created', 'started', 'stopped', 'deleted'])
    expect(seen[1]).toMatchObject({ containerId: id, podUid: pod.uid, isSandbox: false })
  })

  it('leaves foreign containers alone', async () => {
    const foreign = await new Docker().createContainer({ Image: image, name: `kubets-test-foreign-${process.pid}` })
    try {
      const all = await runtime.listContainers({}, signal)
      expect(all.map((one) => one.id)).not.toContain(foreign.id)
      await expect(runtime.containerStatus(foreign.id, signal)).rejects.toMatchObject({ code: 'NotFound' })
    } finally {
      await foreign.remove({ force: true })
    }
  })

  it('says nothing of what is removed while it is measured, and all of the rest', async () => {
    for (const turn of [1, 2, 3]) {
      const id = await start(config(`measured-${turn}`, 'sleep 1000'))
      const [found] = await Promise.all([runtime.containerStats({}, signal), runtime.removeContainer(id, signal)])
      expect(found.map((one) => one.containerId)).toContain(sandboxId)
    }
  })

  it('takes a sandbox down with everything in it', async () => {
    const id = await start(config('left', 'sleep 1000'))
    await runtime.stopPodSandbox(sandboxId, signal)
    expect(await runtime.containerStatus(id, signal)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137 })
    const [sandbox] = await runtime.listPodSandbox({}, signal)
    expect(sandbox?.state).toBe('SANDBOX_NOTREADY')
  })

  it('says so when Docker is away', async () => {
    const away = path.join(folder, 'away.sock')
    await symlink('/no/such', away)
    const other = createDockerRuntime({ ...runtime.context, endpoint: `unix://${away}` })
    expect(await other.status(signal)).toBe(
      `Cannot connect to the Docker daemon at unix://${away}. Is the docker daemon running?`,
    )
    await expect(other.listContainers({}, signal)).rejects.toMatchObject({ code: 'Unavailable' })
  })
})

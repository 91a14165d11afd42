import { events, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import Docker from 'dockerode'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestNode, type TestNode } from './node.testing.ts'

const signal = new AbortController().signal
const runs = ({ status }: Pod): boolean => status?.phase === 'Running'
const failed = ({ status }: Pod): boolean => status?.phase === 'Failed'

describe('Pods of a node', { timeout: caseMs }, () => {
  let node: TestNode
  beforeAll(async () => {
    node = await startTestNode({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '20' })
  })
  afterAll(() => node.stop())

  const saidOf = (name: string, reason: string): Promise<string> =>
    waitFor(async () => {
      const { items } = await node.client.list(events, { namespace: 'default' })
      return items.find((one) => one.involvedObject.name === name && one.reason === reason)?.message
    })
  const asking = (cpu: string) => [{ name: 'main', resources: { requests: { cpu } } }]

  it('go for a critical one, and only those that must', async () => {
    await node.run('small', { containers: asking('200m') })
    await node.run('large', { containers: asking('700m') })
    await Promise.all([node.until('small', runs), node.until('large', runs)])
    const critical = { priority: 2_000_001_000, priorityClassName: 'system-node-critical' }
    await node.run('critical', { containers: asking('500m'), ...critical })
    const { status } = await node.until('large', failed)
    expect(status).toMatchObject({ reason: 'Preempting', message: 'Preempted in order to admit critical pod' })
    expect(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'TerminationByKubelet',
      message: 'Pod was preempted by Kubelet to accommodate a critical pod.',
    })
    expect(status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(137)
    await node.until('critical', runs)
    expect((await node.get('small')).status?.phase).toBe('Running')
    expect(await saidOf('large', 'Preempting')).toBe('Preempted in order to admit critical pod')
    await node.run('more', { containers: asking('700m') })
    const refused = await node.until('more', failed)
    expect(refused.status).toMatchObject({ reason: 'OutOfcpu' })
  })

  it('are refused where they ask for huge pages that the node has not', async () => {
    const amounts = { cpu: '10m', 'hugepages-2Mi': '4Mi' }
    await node.run('huge', { containers: [{ name: 'main', resources: { requests: amounts, limits: amounts } }] })
    const lacks = "Node didn't have enough resource: hugepages-2Mi, requested: 4194304, used: 0, capacity: 0"
    const { status } = await node.until('huge', failed)
    expect(status).toMatchObject({ reason: 'OutOfhugepages-2Mi', message: `Pod was rejected: ${lacks}` })
    expect(await saidOf('huge', 'OutOfhugepages-2Mi')).toBe(lacks)
  })

  it('have cgroups of their own below those of their classes, for as long as they run', async () => {
    const { tree, cgroupRoot } = node
    if (!tree) throw new Error("this test needs the machine's cgroups")
    const read = async (name: string, v1: string, v2: string): Promise<string> => {
      const [controller = ''] = v1.split('.')
      const [folder, file] = tree.version === 1 ? [controller, v1] : ['', v2]
      return (await readFile(path.join('/sys/fs/cgroup', folder, cgroupRoot, 'kubepods', name, file), 'utf8')).trim()
    }
    const resources = { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '20m', memory: '16Mi' } }
    await node.run('grouped', { restartPolicy: 'Never', containers: [{ name: 'main', resources }] })
    const { metadata, status } = await node.until('grouped', runs)
    const folder = `burstable/pod${metadata.uid}`
    expect(await read(folder, 'memory.limit_in_bytes', 'memory.max')).toBe(String(16 * 1024 * 1024))
    expect(await read(folder, 'pids.max', 'pids.max')).toBe('100')
    expect(await read(folder, 'cpu.shares', 'cpu.weight')).toBe(tree.version === 1 ? '10' : '1')
    expect(await read(folder, 'cpu.cfs_quota_us', 'cpu.max')).toBe(tree.version === 1 ? '2000' : '2000 100000')
    expect(await read('', 'memory.limit_in_bytes', 'memory.max')).toBe(String(1024 * 1024 * 1024))
    const id = status?.containerStatuses?.[0]?.containerID?.replace('docker://', '') ?? ''
    const { State, HostConfig } = await new Docker().getContainer(id).inspect()
    expect(HostConfig.CgroupParent).toBe(`${cgroupRoot}/kubepods/${folder}`)
    expect((await readFile(`/proc/${State.Pid}/cgroup`, 'utf8')).split(':')).toContainEqual(
      expect.stringMatching(new RegExp(`^${cgroupRoot}/kubepods/${folder}/${id}`)),
    )
    const usage = await node.runtime.containerStats({ podUid: metadata.uid ?? '' }, signal)
    expect(usage.find((one) => one.name === 'main')?.memoryUsageBytes).toBeGreaterThan(0)
    // its class weighs at least as much as it asks for, whoever else is there
    const weight = Number(await read('burstable', 'cpu.shares', 'cpu.weight'))
    expect(weight).toBeGreaterThanOrEqual(tree.version === 1 ? 10 : 1)
    await new Docker().getContainer(id).kill()
    await node.until('grouped', ({ status: now }) => now?.phase === 'Failed')
    await waitFor(async () => {
      const left = await tree.children(`${cgroupRoot}/kubepods/burstable`)
      return !left.includes(`pod${metadata.uid}`)
    })
  })

  it('start a container again when its rules say so', async () => {
    // it ends with 7, then with 8
    const command = ['sh', '-c', 'if test -e /data/begun; then exit 8; fi; touch /data/begun; exit 7']
    const restartPolicyRules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [7] } }]
    const volumeMounts = [{ name: 'data', mountPath: '/data' }]
    await node.run('ruled', {
      restartPolicy: 'Never',
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: [{ name: 'main', command, volumeMounts, restartPolicy: 'Never', restartPolicyRules }],
    })
    const { status } = await node.until('ruled', failed)
    expect(status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      volumeMounts,
      state: { terminated: { exitCode: 8 } },
      lastState: { terminated: { exitCode: 7 } },
    })
  })

  it('start again as a whole when a rule says so', async () => {
    const wait = 'while test ! -e /data/go; do sleep 0.1; done; rm /data/go'
    const restartPolicyRules = [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }]
    const volumeMounts = [{ name: 'data', mountPath: '/data' }]
    const count = 'echo x >> /data/initialised'
    await node.run('together', {
      restartPolicy: 'Never',
      volumes: [{ name: 'data', emptyDir: {} }],
      initContainers: [{ name: 'init', command: ['sh', '-c', count], volumeMounts }],
      containers: [
        {
          name: 'cause',
          command: ['sh', '-c', `${wait}; exit 42`],
          volumeMounts,
          restartPolicy: 'Never',
          restartPolicyRules,
        },
        { name: 'other', volumeMounts },
      ],
    })
    await node.until('together', runs)
    const { uid = '' } = (await node.get('together')).metadata
    const find = async (name: string) => {
      const all = await node.runtime.listContainers({ podUid: uid }, signal)
      return all.find((one) => one.name === name)?.id ?? ''
    }
    const said = (command: string) => async () => {
      const { stdout } = await node.runtime.execSync(await find('other'), ['sh', '-c', command], 10_000, signal)
      return stdout.toString()
    }
    await said('touch /data/go')()
    const after = await node.until('together', ({ status }) =>
      status?.containerStatuses?.every(({ state, restartCount }) => state?.running && restartCount === 1),
    )
    expect(await said('cat /data/initialised')()).toBe('x\nx\n')
    expect(after.status).toMatchObject({
      phase: 'Running',
      initContainerStatuses: [{ restartCount: 1, state: { terminated: { exitCode: 0 } } }],
      containerStatuses: [
        { lastState: { terminated: { exitCode: 137, reason: 'RestartingAllContainers' } } },
        { lastState: { terminated: { exitCode: 137, reason: 'RestartingAllContainers' } } },
      ],
    })
    expect(after.status?.conditions?.find(({ type }) => type === 'AllContainersRestarting')?.status).toBe('False')
  })

  it('give a sidecar other limits while it runs', async () => {
    const cpu = (amount: string) => ({ requests: { cpu: '10m' }, limits: { cpu: amount } })
    const sidecar = { name: 'sidecar', restartPolicy: 'Always', resources: cpu('100m') }
    await node.run('resized', { initContainers: [sidecar], containers: [{ name: 'main' }] })
    await node.until('resized', runs)
    const body = { spec: { initContainers: [{ name: 'sidecar', resources: cpu('200m') }] } }
    const options = { type: 'strategic', subresource: 'resize', namespace: 'default' } as const
    await node.client.patch(pods, 'resized', body, options)
    const { status, metadata } = await node.until('resized', ({ status }) => {
      const done = !status?.conditions?.some(({ type }) => type.startsWith('PodResize'))
      return done && status?.initContainerStatuses?.[0]?.resources?.limits?.['cpu'] === '200m'
    })
    expect(status?.initContainerStatuses?.[0]).toMatchObject({ restartCount: 0, allocatedResources: { cpu: '10m' } })
    const all = await node.runtime.listContainers({ podUid: metadata.uid ?? '' }, signal)
    const id = all.find(({ name }) => name === 'sidecar')?.id ?? ''
    const { HostConfig } = await new Docker().getContainer(id).inspect()
    expect(HostConfig.CpuQuota).toBe(20_000)
    expect(await saidOf('resized', 'ResizeCompleted')).toContain('"initContainers":[{"name":"sidecar"')
  })

  it('have other limits as a whole while they run, but no less memory than they use', async () => {
    const { tree, cgroupRoot } = node
    const whole = (cpu: string, memory: string) => ({
      requests: { cpu: '10m', memory: '8Mi' },
      limits: { cpu, memory },
    })
    await node.run('whole', { resources: whole('100m', '64Mi'), containers: [{ name: 'main' }, { name: 'other' }] })
    const { metadata } = await node.until('whole', runs)
    const resize = (cpu: string, memory: string) => {
      const options = { type: 'strategic', subresource: 'resize', namespace: 'default' } as const
      return node.client.patch(pods, 'whole', { spec: { resources: whole(cpu, memory) } }, options)
    }
    const settled = (cpu: string, memory: string) =>
      node.until('whole', ({ status }) => {
        const { limits } = status?.resources ?? {}
        const waits = status?.conditions?.some(({ type }) => type.startsWith('PodResize'))
        return limits?.['cpu'] === cpu && limits['memory'] === memory && !waits
      })
    const has = async () => {
      const current = await tree?.current(`${cgroupRoot}/kubepods/burstable/pod${metadata.uid}`)
      const all = await node.runtime.listContainers({ podUid: metadata.uid ?? '' }, signal)
      const ofContainers = await Promise.all(
        all.map(async ({ id }) => {
          const { HostConfig } = await new Docker().getContainer(id).inspect()
          return [HostConfig.CpuQuota, HostConfig.Memory]
        }),
      )
      return [[current?.quota, current?.memory], ...ofContainers]
    }
    const Mi = 1024 * 1024
    expect(await has()).toEqual(Array(3).fill([10_000, 64 * Mi]))
    await resize('200m', '32Mi')
    const { status } = await settled('200m', '32Mi')
    expect(status).toMatchObject({ allocatedResources: { cpu: '10m', memory: '8Mi' } })
    expect(status?.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0, 0])
    expect(await has()).toEqual(Array(3).fill([20_000, 32 * Mi]))
    const said = await saidOf('whole', 'ResizeCompleted')
    expect(said).toMatch(/^Pod resize completed: \{"resources":.*"limits":\{"cpu":"200m","memory":"32Mi"\}/)
    // its pages are not given back while it runs
    const fill = 'head -c 20000000 /dev/zero > /dev/shm/fill'
    const [filler] = await node.runtime.listContainers({ podUid: metadata.uid ?? '' }, signal)
    await node.runtime.execSync(filler?.id ?? '', ['sh', '-c', fill], 20_000, signal)
    await resize('200m', '10Mi')
    const conditionOf = ({ status }: Pod) => status?.conditions?.find(({ type }) => type === 'PodResizeInProgress')
    const refused = await node.until('whole', (pod) => conditionOf(pod)?.reason === 'Error')
    expect(conditionOf(refused)?.message).toMatch(
      /^cannot decrease memory limits: \[attempting to set pod memory limit \(10485760\) below current usage \(\d+\), attempting to set container "/,
    )
    expect(refused.status?.resources?.limits?.['memory']).toBe('32Mi')
    await resize('200m', '32Mi')
    await settled('200m', '32Mi')
  })

  it('are refused with kernel settings that reach further than the Pod', async () => {
    const sysctls = [{ name: 'kernel/msgmax', value: '1' }]
    await node.run('unsafe', { containers: [{ name: 'main' }], securityContext: { sysctls } })
    const { status } = await node.until('unsafe', failed)
    expect(status).toMatchObject({
      reason: 'SysctlForbidden',
      message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    })
    expect(await saidOf('unsafe', 'SysctlForbidden')).toBe('forbidden sysctl: "kernel.msgmax" not allowlisted')
  })

  it.each<[string, string, string, Partial<PodSpec>]>([
    [
      'strict',
      'SupplementalGroupsPolicyNotSupported',
      'SupplementalGroupsPolicy=Strict is not supported in this node',
      { securityContext: { supplementalGroupsPolicy: 'Strict' } },
    ],
    [
      'windows',
      'PodOSNotSupported',
      "Failed to admit pod as the OS field doesn't match node OS",
      { os: { name: 'windows' }, hostNetwork: false },
    ],
  ])('are refused when they are %s, as %s', async (name, reason, message, spec) => {
    await node.run(name, { containers: [{ name: 'main' }], ...spec })
    const { status } = await node.until(name, failed)
    expect(status).toMatchObject({ reason, message: `Pod was rejected: ${message}` })
    expect(status?.containerStatuses).toBeUndefined()
    expect(await saidOf(name, reason)).toBe(message)
  })

  // test/e2e/common/node/lifecycle_hook.go waits for the end of a container of such a Pod
  it('that somebody keeps in the API tell how they ended, and leave nothing on the node', async () => {
    const { run, until, client } = node
    const made = await run('kept', {
      terminationGracePeriodSeconds: 60,
      containers: [{ name: 'main', command: ['sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.1; done'] }],
    })
    const options = { type: 'merge', namespace: 'default' } as const
    await client.patch(pods, 'kept', { metadata: { finalizers: ['example.com/keep'] } }, options)
    await until('kept', runs)
    await client.delete(pods, 'kept', { namespace: 'default' })
    const isFalse = ({ status }: Pod, type: string) =>
      status?.conditions?.find((one) => one.type === type)?.status === 'False'
    const { status, metadata } = await until('kept', (pod) =>
      ['Ready', 'ContainersReady', 'PodReadyToStartContainers'].every((type) => isFalse(pod, type)),
    )
    expect(status?.phase).toBe('Failed')
    expect(metadata.deletionTimestamp).toBeDefined()
    expect(status?.containerStatuses?.[0]).toMatchObject({ ready: false, state: { terminated: { exitCode: 3 } } })
    const { uid = '' } = made.metadata
    await waitFor(async () => (await node.runtime.listPodSandbox({ podUid: uid }, signal)).length === 0)
    await waitFor(async () => !(await node.volumes.podsOnDisk()).includes(uid))
    await client.patch(pods, 'kept', { metadata: { finalizers: null } }, options)
    await waitFor(async () => (await client.get(pods, 'kept', { namespace: 'default' }).catch(() => null)) === null)
  })

  it('are refused user namespaces, which Docker does not have', async () => {
    await node.run('mapped', { containers: [{ name: 'main' }], hostNetwork: false, hostUsers: false })
    expect(await saidOf('mapped', 'FailedCreatePodSandBox')).toBe(
      "Failed to create pod sandbox: can't set `spec.hostUsers: false`, runtime does not support user namespaces",
    )
  })

  it('have the safe ones', async () => {
    const sysctls = [{ name: 'kernel/shm_rmid_forced', value: '1' }]
    const command = ['sh', '-c', 'cat /proc/sys/kernel/shm_rmid_forced > /dev/termination-log']
    await node.run('safe', {
      containers: [{ name: 'main', command }],
      securityContext: { sysctls },
      restartPolicy: 'Never',
    })
    const { status } = await node.until('safe', ({ status }) => status?.phase === 'Succeeded')
    expect(status?.containerStatuses?.[0]?.state?.terminated?.message).toBe('1\n')
  })
})

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  events,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  priorityClasses,
  serviceAccounts,
  storageClasses,
} from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { sendJson, startScriptedServer } from '@kubets/shared/testing/scripted-server.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { node, pod } from './cases.ts'

let api: Awaited<ReturnType<typeof startApiServer>>
let scheduler: ChildProcess

async function start(...more: string[]): Promise<ChildProcess> {
  const kubeconfig = await api.kubeconfig('system:kube-scheduler')
  const args = [join(import.meta.dirname, 'main.ts'), `--kubeconfig=${kubeconfig}`, '--bind-address=127.0.0.1']
  const child = spawn(process.execPath, [...args, '--secure-port=0', ...more], { stdio: ['ignore', 'ignore', 'pipe'] })
  // somebody must read it, or it stops when the pipe is full
  child.stderr.resume()
  return child
}

/** Creates what a table case describes, without what only the server may set. */
async function createPod(spec: Pod): Promise<void> {
  const { uid: _, ...metadata } = spec.metadata
  await api.client.create(pods, { ...spec, metadata })
}
const podNamed = (name: string): Promise<Pod> => api.client.get(pods, name, { namespace: 'default' })
const nodeOf = (name: string): Promise<string> => waitFor(async () => (await podNamed(name)).spec.nodeName)
const condition = async (name: string) =>
  (await podNamed(name)).status?.conditions?.find(({ type }) => type === 'PodScheduled')
const eventMessage = (name: string, reason: string): Promise<string> =>
  waitFor(async () => {
    const { items } = await api.client.list(events, { namespace: 'default' })
    return items.find((event) => event.involvedObject.name === name && event.reason === reason)?.message
  })

async function createNode(name: string, cpu: string, amount = 0): Promise<void> {
  const { status, ...rest } = node(name, { cpu, foo: amount })
  await api.client.create(nodes, rest)
  await api.client.patch(nodes, name, { status }, { type: 'merge', subresource: 'status' })
  // nobody here makes nodes ready
  await api.client.patch(nodes, name, { spec: { taints: null } }, { type: 'merge' })
}

beforeAll(async () => {
  api = await startApiServer()
  // what a controller would do
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } }
  await api.client.create(serviceAccounts, account)
  await createNode('a', '2')
  scheduler = await start()
})

afterAll(async () => {
  scheduler?.kill('SIGKILL')
  await api?.stop()
})

describe('kube-scheduler on a real apiserver', () => {
  it('binds a Pod and says so', async () => {
    await createPod(pod('p1', { cpu: '1' }))
    expect(await nodeOf('p1')).toBe('a')
    expect(await eventMessage('p1', 'Scheduled')).toBe('Successfully assigned default/p1 to a')
    expect(await condition('p1')).toMatchObject({ status: 'True' })
  })

  it('says why a Pod waits, and binds it when a node comes', async () => {
    await createPod(pod('p2', { cpu: '1500m' }))
    const message =
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: ' +
      '1 No preemption victims found for incoming pod.'
    expect(await eventMessage('p2', 'FailedScheduling')).toBe(message)
    const found = await waitFor(() => condition('p2'))
    expect(found).toMatchObject({ status: 'False', reason: 'Unschedulable', message })
    await createNode('b', '4')
    expect(await nodeOf('p2')).toBe('b')
  })

  it('binds a waiting Pod when another one goes', async () => {
    await createPod(pod('p3', { cpu: '4' }))
    await eventMessage('p3', 'FailedScheduling')
    await api.client.delete(pods, 'p2', { namespace: 'default', gracePeriodSeconds: 0 })
    expect(await nodeOf('p3')).toBe('b')
  })

  it('goes on where it stopped after a crash, and binds nothing twice', async () => {
    scheduler.kill('SIGTERM')
    await once(scheduler, 'exit')
    await createPod(pod('p4'))
    scheduler = await start()
    expect(['a', 'b']).toContain(await nodeOf('p4'))
    expect(await nodeOf('p1')).toBe('a')
  })

  it('leaves Pods of another scheduler alone', async () => {
    await createPod(pod('p5', { spec: { schedulerName: 'mine' } }))
    await createPod(pod('p6'))
    await nodeOf('p6')
    expect((await podNamed('p5')).spec.nodeName).toBeUndefined()
  })

  describe('makes Pods go for a more important one', () => {
    const wants = (name: string, priorityClassName: string, amount: number): Pod =>
      pod(name, { foo: amount, spec: { priorityClassName, terminationGracePeriodSeconds: 0 } })
    const merge = { type: 'merge', namespace: 'default' } as const

    beforeAll(async () => {
      await createNode('c', '4', 3)
      for (const [name, value] of [
        ['low', 1],
        ['middle', 5],
        ['high', 10],
      ] as const) {
        const meta = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name } }
        await api.client.create(priorityClasses, { ...meta, value })
      }
    })

    it('tells them why, waits until they are gone, and lets nobody take the place meanwhile', async () => {
      const victim = wants('victim', 'low', 2)
      // it is seen going until this is taken off
      await createPod({ ...victim, metadata: { ...victim.metadata, finalizers: ['example.com/look'] } })
      expect(await nodeOf('victim')).toBe('c')
      await createPod(wants('wanting', 'high', 2))
      const going = await waitFor(async () => {
        const found = await podNamed('victim')
        return found.metadata.deletionTimestamp ? found : undefined
      })
      expect(going.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
        status: 'True',
        reason: 'PreemptionByScheduler',
        message: 'default-scheduler: preempting to accommodate a higher priority pod',
      })
      const wanting = await waitFor(async () => {
        const found = await podNamed('wanting')
        return found.status?.nominatedNodeName ? found : undefined
      })
      expect(wanting.status?.nominatedNodeName).toBe('c')
      expect(await eventMessage('victim', 'Preempted')).toBe(`Preempted by pod ${wanting.metadata.uid} on node c`)
      expect(await eventMessage('wanting', 'FailedScheduling')).toBe(
        '0/3 nodes are available: 3 Insufficient scheduling.k8s.io/foo.',
      )

      await createPod(wants('hopeful', 'middle', 2))
      await eventMessage('hopeful', 'FailedScheduling')
      await api.client.patch(pods, 'wanting', { metadata: { labels: { tried: 'again' } } }, merge)
      const message = await waitFor(async () => {
        const found = await condition('wanting')
        return found?.message?.includes('preemption') ? found.message : undefined
      })
      expect(message).toBe(
        '0/3 nodes are available: 3 Insufficient scheduling.k8s.io/foo. ' +
          'preemption: not eligible due to a terminating pod on the nominated node.',
      )
      await api.client.patch(pods, 'victim', { metadata: { finalizers: null } }, merge)
      const bound = await waitFor(async () => {
        const found = await podNamed('wanting')
        return found.spec.nodeName ? found : undefined
      })
      expect([bound.spec.nodeName, bound.status?.nominatedNodeName]).toEqual(['c', undefined])
      expect((await podNamed('hopeful')).spec.nodeName).toBeUndefined()
    })

    it('spares those that a budget protects when others can go', async () => {
      await api.client.delete(pods, 'hopeful', { namespace: 'default' })
      await api.client.delete(pods, 'wanting', { namespace: 'default', gracePeriodSeconds: 0 })
      const budget = {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'kept', namespace: 'default' },
        spec: { minAvailable: 1, selector: { matchLabels: { app: 'kept' } } },
      }
      await api.client.create(podDisruptionBudgets, budget)
      const kept = wants('kept', 'low', 1)
      await createPod({ ...kept, metadata: { ...kept.metadata, labels: { app: 'kept' } } })
      await createPod(wants('free', 'middle', 2))
      expect([await nodeOf('kept'), await nodeOf('free')]).toEqual(['c', 'c'])
      await createPod(wants('second', 'high', 1))
      expect(await nodeOf('second')).toBe('c')
      expect((await podNamed('kept')).spec.nodeName).toBe('c')
      await expect(podNamed('free')).rejects.toThrow('not found')
    })
  })

  describe('finds a node by the volumes of a Pod', () => {
    // there is no controller here that binds: what it would do is done by hand
    const namespace = 'default'
    const merge = { type: 'merge', namespace } as const
    const claimed = (name: string): Pod =>
      pod(name, { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: name } }] } })
    const makeClass = (name: string, provisioner: string) =>
      api.client.create(storageClasses, {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name },
        provisioner,
        volumeBindingMode: 'WaitForFirstConsumer',
      })
    const makeClaim = (name: string, storageClassName: string) =>
      api.client.create(persistentVolumeClaims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, namespace },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: '1Gi' } } },
      })
    const claimNamed = (name: string) => api.client.get(persistentVolumeClaims, name, { namespace })
    const bindClaim = (name: string, volumeName: string) =>
      api.client.patch(
        persistentVolumeClaims,
        name,
        { metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }, spec: { volumeName } },
        merge,
      )
    const onNode = (name: string) => ({
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }] }],
      },
    })

    it('and promises it one that is there', async () => {
      await makeClass('by-hand', 'kubernetes.io/no-provisioner')
      await makeClaim('static', 'by-hand')
      await createPod(claimed('static'))
      expect(await eventMessage('static', 'FailedScheduling')).toBe(
        "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind. preemption: " +
          '0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
      )
      await api.client.create(persistentVolumes, {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'local' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          storageClassName: 'by-hand',
          persistentVolumeReclaimPolicy: 'Retain',
          local: { path: '/data' },
          nodeAffinity: onNode('b'),
        },
      })
      const volume = await waitFor(async () => {
        const found = await api.client.get(persistentVolumes, 'local')
        return found.spec?.claimRef ? found : undefined
      })
      expect(volume.spec?.claimRef).toMatchObject({ namespace, name: 'static' })
      await waitFor(async () => (await podNamed('static')).status?.nominatedNodeName)
      expect((await podNamed('static')).spec.nodeName).toBeUndefined()
      await bindClaim('static', 'local')
      expect(await nodeOf('static')).toBe('b')
      expect((await podNamed('static')).status?.nominatedNodeName).toBeUndefined()
    })

    it('and has one made, elsewhere when that fails', async () => {
      const selected = 'volume.kubernetes.io/selected-node'
      const chosen = () => waitFor(async () => (await claimNamed('dynamic')).metadata.annotations?.[selected])
      await makeClass('made', 'example.com/maker')
      await makeClaim('dynamic', 'made')
      await createPod(claimed('dynamic'))
      await chosen()
      await api.client.patch(
        persistentVolumeClaims,
        'dynamic',
        { metadata: { annotations: { [selected]: null, 'example.com/tried': 'yes' } } },
        merge,
      )
      expect(await eventMessage('dynamic', 'FailedScheduling')).toBe(
        'running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC "dynamic"',
      )
      const place = await chosen()
      await api.client.create(persistentVolumes, {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'made' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          storageClassName: 'made',
          hostPath: { path: '/data' },
          nodeAffinity: onNode(place),
        },
      })
      await bindClaim('dynamic', 'made')
      expect(await nodeOf('dynamic')).toBe(place)
    })
  })

  describe('follows its configuration', () => {
    let folder: string
    let second: ChildProcess | undefined
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'scheduler-test-'))
    })
    afterAll(async () => {
      second?.kill('SIGKILL')
      await rm(folder, { recursive: true })
    })
    const startWith = async (text: string): Promise<ChildProcess> => {
      const file = join(folder, 'config.yaml')
      const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n'
      await writeFile(file, head + text)
      return start(`--config=${file}`)
    }

    it('with several profiles, each for the Pods that name it', async () => {
      second = await startWith(`
leaderElection: {leaderElect: false}
profiles:
- schedulerName: mine
  pluginConfig:
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [b]}]}]
- schedulerName: nowhere
  plugins: {filter: {disabled: [{name: NodeResourcesFit}]}}
`)
      // it has been waiting since before
      expect(await nodeOf('p5')).toBe('b')
      await createPod(pod('mine', { spec: { schedulerName: 'mine' } }))
      expect(await nodeOf('mine')).toBe('b')
      await createPod(pod('huge', { cpu: '1000', spec: { schedulerName: 'nowhere' } }))
      await nodeOf('huge')
      await eventMessage('huge', 'Scheduled')
      await waitFor(async () => {
        const { items } = await api.client.list(events, { namespace: 'default' })
        return items.find((event) => event.involvedObject.name === 'p5')?.source?.component === 'mine'
      })
    })

    it('with an extender that has its say at every step', async () => {
      const seen: string[] = []
      const binding = async (body: string): Promise<void> => {
        const { PodName: name, PodNamespace: where, Node: target } = JSON.parse(body) as Record<string, string>
        const metadata = { name: name ?? '', namespace: where ?? '' }
        const object = { apiVersion: 'v1', kind: 'Binding', metadata, target: { kind: 'Node', name: target } }
        await api.client.create(pods, object, { name: metadata.name, namespace: where, subresource: 'binding' })
      }
      const extender = await startScriptedServer(({ path, body }, response) => {
        seen.push(path)
        if (path === '/x/filter') return sendJson(response, { NodeNames: ['a', 'b'], FailedNodes: { c: 'not there' } })
        if (path === '/x/score') return sendJson(response, [{ Host: 'b', Score: 10 }])
        void binding(body).then(
          () => sendJson(response, {}),
          (error: Error) => sendJson(response, { Error: error.message }),
        )
      })
      const third = await startWith(`
leaderElection: {leaderElect: false}
profiles: [{schedulerName: extended}]
extenders:
- urlPrefix: ${extender.url}/x
  filterVerb: filter
  prioritizeVerb: score
  bindVerb: bind
  weight: 1000
  nodeCacheCapable: true
  managedResources: [{name: example.com/gpu, ignoredByScheduler: true}]
`)
      try {
        const managed = (name: string): Pod => {
          const spec = { containers: [{ name: 'c', image: 'i', resources: { limits: { 'example.com/gpu': '1' } } }] }
          return pod(name, { spec: { ...spec, schedulerName: 'extended' } })
        }
        await createPod(pod('unmanaged', { spec: { schedulerName: 'extended' } }))
        await nodeOf('unmanaged')
        expect(seen).toEqual([])
        await createPod(managed('managed'))
        expect(await nodeOf('managed')).toBe('b')
        expect(seen).toEqual(['/x/filter', '/x/score', '/x/bind'])
        await extender.stop()
        await createPod(managed('alone'))
        expect(await eventMessage('alone', 'FailedScheduling')).toContain('ECONNREFUSED')
      } finally {
        third.kill('SIGKILL')
      }
    })

    it('and ends with the reason when that is not possible', async () => {
      const wrong = await startWith('profiles: [{plugins: {score: {enabled: [{name: Foo}]}}}]')
      let said = ''
      wrong.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
      const [code] = (await once(wrong, 'exit')) as [number]
      expect(code).toBe(1)
      expect(said).toContain('initializing profiles: creating profile for scheduler name default-scheduler: ')
      expect(said).toContain('ScorePlugin')
    })
  })
})

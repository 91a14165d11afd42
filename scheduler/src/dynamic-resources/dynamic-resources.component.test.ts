import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import {
  deviceClasses,
  nodes,
  pods,
  resourceClaims,
  resourceSlices,
  serviceAccounts,
} from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { DeviceRequest, ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { newControllerRef } from '@kubets/shared/machinery/object.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { node, pod } from '../cases.ts'

let api: Awaited<ReturnType<typeof startApiServer>>
let scheduler: ChildProcess
const namespace = 'default'
const driver = 'gpu.example.com'
const resource = { apiVersion: 'resource.k8s.io/v1' }

beforeAll(async () => {
  api = await startApiServer()
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } }
  await api.client.create(serviceAccounts, account)
  for (const name of ['a', 'b']) {
    const { status, ...rest } = node(name)
    await api.client.create(nodes, rest)
    await api.client.patch(nodes, name, { status }, { type: 'merge', subresource: 'status' })
    await api.client.patch(nodes, name, { spec: { taints: null } }, { type: 'merge' })
  }
  const expression = `device.driver == "${driver}" && device.attributes["${driver}"].healthy`
  const spec = { selectors: [{ cel: { expression } }] }
  await api.client.create(deviceClasses, { ...resource, kind: 'DeviceClass', metadata: { name: 'gpu' }, spec })
  await offer('a', 'gpu-0', 'gpu-1')
  const kubeconfig = await api.kubeconfig('system:kube-scheduler')
  const args = [join(import.meta.dirname, '../main.ts'), `--kubeconfig=${kubeconfig}`, '--bind-address=127.0.0.1']
  scheduler = spawn(process.execPath, [...args, '--secure-port=0'], { stdio: ['ignore', 'ignore', 'pipe'] })
  scheduler.stderr?.resume()
})

afterAll(async () => {
  scheduler?.kill('SIGKILL')
  await api?.stop()
})

/** The node has these devices, as its driver would say. */
async function offer(name: string, ...devices: string[]): Promise<void> {
  const attributes = { healthy: { bool: true } }
  await api.client.create(resourceSlices, {
    ...resource,
    kind: 'ResourceSlice',
    metadata: { name: `${name}-gpus` },
    spec: {
      driver,
      nodeName: name,
      pool: { name, generation: 1, resourceSliceCount: 1 },
      devices: [
        { name: 'ill', attributes: { healthy: { bool: false } } },
        ...devices.map((device) => ({ name: device, attributes })),
      ],
    },
  })
}

const requests: DeviceRequest[] = [{ name: 'one', exactly: { deviceClassName: 'gpu' } }]
const claimNamed = (name: string): Promise<ResourceClaim> => api.client.get(resourceClaims, name, { namespace })
const devicesOf = async (name: string): Promise<string[] | undefined> =>
  (await claimNamed(name)).status?.allocation?.devices?.results?.map(({ device }) => device)
const podNamed = (name: string): Promise<Pod> => api.client.get(pods, name, { namespace })
const nodeOf = (name: string): Promise<string> => waitFor(async () => (await podNamed(name)).spec.nodeName)
const whyNot = (name: string, part: string): Promise<string> =>
  waitFor(async () => {
    const { status } = await podNamed(name)
    const message = status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message
    return message?.includes(part) ? message : undefined
  })

async function createPod(name: string, used: object): Promise<Pod> {
  const { metadata, ...rest } = pod(name, { spec: { resourceClaims: [{ name: 'gpu', ...used }] } })
  const { uid: _, ...meta } = metadata
  return api.client.create(pods, { ...rest, metadata: meta })
}

async function createClaim(name: string, metadata: object = {}): Promise<void> {
  const spec = { devices: { requests } }
  await api.client.create(resourceClaims, {
    ...resource,
    kind: 'ResourceClaim',
    metadata: { name, namespace, ...metadata },
    spec,
  })
}

/** A Pod that wants a claim made, and the claim, as the controller would make it. */
async function createPodWithTemplate(name: string): Promise<void> {
  const made = await createPod(name, { resourceClaimTemplateName: 'template' })
  await createClaim(`${name}-gpu`, { ownerReferences: [newControllerRef(made, pods)] })
  const status = { resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: `${name}-gpu` }] }
  await api.client.patch(pods, name, { status }, { type: 'strategic', namespace, subresource: 'status' })
}

/** The Pod is gone, and its claim is freed as the controller would do it. */
async function removePod(name: string, claim: string): Promise<void> {
  await api.client.delete(pods, name, { namespace, gracePeriodSeconds: 0 })
  const status = { allocation: null, reservedFor: null }
  await api.client.patch(resourceClaims, claim, { status }, { type: 'merge', namespace, subresource: 'status' })
}

describe('dynamic resources on a real apiserver', () => {
  it('gives each Pod a device of its own, and keeps the claim from going', async () => {
    await createPodWithTemplate('p1')
    await createPodWithTemplate('p2')
    expect(await nodeOf('p1')).toBe('a')
    expect(await nodeOf('p2')).toBe('a')
    const given = [await devicesOf('p1-gpu'), await devicesOf('p2-gpu')].flat()
    expect(given.toSorted()).toEqual(['gpu-0', 'gpu-1'])
    const { metadata, status } = await claimNamed('p1-gpu')
    expect(metadata.finalizers).toEqual(['resource.kubernetes.io/delete-protection'])
    const uid = (await podNamed('p1')).metadata.uid
    expect(status?.reservedFor).toEqual([{ resource: 'pods', name: 'p1', uid }])
    const only = { key: 'metadata.name', operator: 'In', values: ['a'] }
    expect(status?.allocation?.nodeSelector).toEqual({ nodeSelectorTerms: [{ matchFields: [only] }] })
  })

  it('says why a third one waits, and lets it in when a device is free', async () => {
    await createPodWithTemplate('p3')
    expect(await whyNot('p3', 'cannot allocate')).toBe(
      '0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, ' +
        'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    )
    await removePod('p1', 'p1-gpu')
    expect(await nodeOf('p3')).toBe('a')
  })

  it('lets one in when a node gets devices', async () => {
    await createPodWithTemplate('p4')
    await whyNot('p4', 'cannot allocate all claims')
    await offer('b', 'gpu-9')
    expect(await nodeOf('p4')).toBe('b')
    expect(await devicesOf('p4-gpu')).toEqual(['gpu-9'])
    await removePod('p4', 'p4-gpu')
  })

  it('keeps Pods together that share a claim, which may come after them', async () => {
    await createPod('s1', { resourceClaimName: 'shared' })
    await createPod('s2', { resourceClaimName: 'shared' })
    await createClaim('shared')
    expect(await nodeOf('s1')).toBe('b')
    expect(await nodeOf('s2')).toBe('b')
    const { status } = await claimNamed('shared')
    expect(status?.reservedFor?.map(({ name }) => name).toSorted()).toEqual(['s1', 's2'])
    expect(await devicesOf('shared')).toEqual(['gpu-9'])
  })

  it('takes from an idle claim what it has where no node will do for its Pod otherwise', async () => {
    await api.client.delete(pods, 's1', { namespace, gracePeriodSeconds: 0 })
    await api.client.delete(pods, 's2', { namespace, gracePeriodSeconds: 0 })
    const unused = { status: { reservedFor: null } }
    await api.client.patch(resourceClaims, 'shared', unused, { type: 'merge', namespace, subresource: 'status' })
    await removePod('p2', 'p2-gpu')
    const { metadata, ...rest } = pod('moved', {
      spec: {
        nodeSelector: { 'kubernetes.io/hostname': 'a' },
        resourceClaims: [{ name: 'gpu', resourceClaimName: 'shared' }],
      },
    })
    const { uid: _, ...meta } = metadata
    await api.client.create(pods, { ...rest, metadata: meta })
    expect(await nodeOf('moved')).toBe('a')
  })

  it('waits for a class that is not there yet', async () => {
    const [request] = requests
    await api.client.create(resourceClaims, {
      ...resource,
      kind: 'ResourceClaim',
      metadata: { name: 'later', namespace },
      spec: { devices: { requests: [{ ...request, name: 'one', exactly: { deviceClassName: 'later' } }] } },
    })
    await createPod('l1', { resourceClaimName: 'later' })
    await whyNot('l1', 'request one: device class later does not exist')
    const selectors = [{ cel: { expression: 'device.attributes["gpu.example.com"].healthy' } }]
    await api.client.create(deviceClasses, {
      ...resource,
      kind: 'DeviceClass',
      metadata: { name: 'later' },
      spec: { selectors },
    })
    expect(await nodeOf('l1')).toBe('b')
  })
})

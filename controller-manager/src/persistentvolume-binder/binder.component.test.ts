import { mkdtemp, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  events,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestManager, type TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'storage'

beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const makeVolume = (name: string, spec: object, annotations?: Record<string, string>): Promise<PersistentVolume> =>
  manager.client.create(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: `/data/${name}` },
      ...spec,
    },
  })
const makeClaim = (name: string, spec: object): Promise<PersistentVolumeClaim> =>
  manager.client.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  })
const makeClass = (name: string, more: object = {}, annotations?: Record<string, string>): Promise<unknown> =>
  manager.client.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, annotations },
    provisioner: 'example.com/maker',
    ...more,
  })
const claimIs = (name: string, phase: string): Promise<PersistentVolumeClaim> =>
  waitFor(async () => {
    const claim = await manager.client.get(persistentVolumeClaims, name, { namespace })
    return claim.status?.phase === phase ? claim : undefined
  })
const volumeIs = (name: string, phase: string): Promise<PersistentVolume> =>
  waitFor(async () => {
    const volume = await manager.client.get(persistentVolumes, name)
    return volume.status?.phase === phase ? volume : undefined
  })
const volumeIsGone = (name: string): Promise<boolean> =>
  waitFor(async () => {
    try {
      await manager.client.get(persistentVolumes, name)
      return false
    } catch (error) {
      return isNotFound(error)
    }
  })
const told = (name: string, reason: string): Promise<string> =>
  waitFor(async () => {
    const fieldSelector = `involvedObject.name=${name},reason=${reason}`
    return (await manager.client.list(events, { fieldSelector })).items[0]?.message
  })
const removeClaim = (name: string): Promise<unknown> =>
  manager.client.delete(persistentVolumeClaims, name, { namespace })

describe('a claim and a volume', () => {
  it('find each other, whichever comes first, and keep each other', async () => {
    await makeClass('static', { provisioner: 'kubernetes.io/no-provisioner' })
    const storageClassName = 'static'
    await makeVolume('large', { storageClassName, capacity: { storage: '10Gi' } })
    expect((await volumeIs('large', 'Available')).status?.lastPhaseTransitionTime).toBeDefined()
    await makeClaim('first', { storageClassName })
    const bound = await claimIs('first', 'Bound')
    expect([bound.spec.volumeName, bound.status?.capacity]).toEqual(['large', { storage: '10Gi' }])
    expect((await volumeIs('large', 'Bound')).spec.claimRef).toMatchObject({
      kind: 'PersistentVolumeClaim',
      namespace,
      name: 'first',
      uid: bound.metadata.uid,
    })
    await makeClaim('second', { storageClassName })
    expect(await told('second', 'ProvisioningFailed')).toBe(
      'no volume plugin matched name: kubernetes.io/no-provisioner',
    )
    await makeVolume('late', { storageClassName })
    expect((await claimIs('second', 'Bound')).spec.volumeName).toBe('late')
  })

  it('bind one to one, however many want each other at once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `many-${String(index)}`)
    await makeClass('many', { provisioner: 'kubernetes.io/no-provisioner' })
    await Promise.all(
      names.flatMap((name) => [
        makeVolume(name, { storageClassName: 'many' }),
        makeClaim(name, { storageClassName: 'many' }),
      ]),
    )
    const bound = await Promise.all(names.map((name) => claimIs(name, 'Bound')))
    expect(new Set(bound.map(({ spec }) => spec.volumeName)).size).toBe(names.length)
    for (const { metadata, spec } of bound) {
      const { claimRef } = (await manager.client.get(persistentVolumes, spec.volumeName ?? '')).spec
      expect(claimRef?.uid).toBe(metadata.uid)
    }
  })

  it('by name need to fit', async () => {
    await makeVolume('named', { storageClassName: '' })
    await makeClaim('too-much', {
      storageClassName: '',
      volumeName: 'named',
      resources: { requests: { storage: '2Gi' } },
    })
    expect(await told('too-much', 'VolumeMismatch')).toBe(
      'Cannot bind to requested volume "named": requested PV is too small',
    )
    await makeClaim('fits', { storageClassName: '', volumeName: 'named' })
    await claimIs('fits', 'Bound')
    expect(await told('too-much', 'FailedBinding')).toBe('volume "named" already bound to a different claim.')
  })

  it('lose each other when the volume goes', async () => {
    await makeVolume('short', { storageClassName: '', claimRef: { namespace, name: 'loses' } })
    await makeClaim('loses', { storageClassName: '' })
    await claimIs('loses', 'Bound')
    const volume = await volumeIs('short', 'Bound')
    await manager.client.delete(persistentVolumes, 'short')
    const { metadata } = await manager.client.get(persistentVolumes, 'short')
    // by hand: a bound volume is protected
    await manager.client.update(persistentVolumes, { ...volume, metadata: { ...metadata, finalizers: [] } })
    await claimIs('loses', 'Lost')
    expect(await told('loses', 'ClaimLost')).toBe(
      'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    )
  })
})

describe('a volume whose claim goes', () => {
  const bind = async (name: string, spec: object, annotations?: Record<string, string>): Promise<void> => {
    await makeVolume(name, { storageClassName: '', claimRef: { namespace, name }, ...spec }, annotations)
    await makeClaim(name, { storageClassName: '' })
    await claimIs(name, 'Bound')
    await removeClaim(name)
  }

  it('is kept as the policy says', async () => {
    await bind('kept', { persistentVolumeReclaimPolicy: 'Retain' })
    expect((await volumeIs('kept', 'Released')).spec.claimRef?.name).toBe('kept')
  })

  it('is deleted with its data where that may be', async () => {
    const path = await mkdtemp('/tmp/kubets-volume-')
    await writeFile(join(path, 'data'), 'x')
    await bind('deleted', { persistentVolumeReclaimPolicy: 'Delete', hostPath: { path } })
    await volumeIsGone('deleted')
    await expect(stat(path)).rejects.toThrow('ENOENT')
  })

  it('fails where nobody can delete it, and says so', async () => {
    await bind('stays', { persistentVolumeReclaimPolicy: 'Delete' })
    const message = 'host_path deleter only supports /tmp/.+ but received provided /data/stays'
    expect((await volumeIs('stays', 'Failed')).status?.message).toBe(message)
    expect(await told('stays', 'VolumeFailedDelete')).toBe(message)
  })

  it('is left to its provisioner', async () => {
    const provisioner = { 'pv.kubernetes.io/provisioned-by': 'example.com/maker' }
    await bind('theirs', { persistentVolumeReclaimPolicy: 'Delete' }, provisioner)
    await volumeIs('theirs', 'Released')
  })
})

describe("a Pod's ephemeral volume", () => {
  it('gets a claim of its own, which goes with the Pod', async () => {
    const spec = { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } } }
    await makeVolume('scratch', { storageClassName: '', claimRef: { namespace, name: 'user-scratch' } })
    const pod = await manager.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'user', namespace },
      spec: {
        containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'scratch', mountPath: '/v' }] }],
        volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec } } }],
      },
    })
    const claim = await waitFor(async () => {
      const { items } = await manager.client.list(persistentVolumeClaims, { namespace })
      return items.find(({ metadata }) => metadata.name === 'user-scratch')
    })
    expect(claim.metadata.ownerReferences).toMatchObject([{ kind: 'Pod', uid: pod.metadata.uid, controller: true }])
    await claimIs('user-scratch', 'Bound')
    await manager.client.delete(pods, 'user', { namespace, gracePeriodSeconds: 0 })
    await waitFor(async () => {
      const { items } = await manager.client.list(persistentVolumeClaims, { namespace })
      return items.every(({ metadata }) => metadata.name !== 'user-scratch')
    })
  })
})

describe('a claim of a class that makes volumes', () => {
  it('names the provisioner, and takes what that makes', async () => {
    await makeClass('made')
    const claim = await makeClaim('made', { storageClassName: 'made' })
    const marked = await waitFor(async () => {
      const { metadata } = await manager.client.get(persistentVolumeClaims, 'made', { namespace })
      return metadata.annotations
    })
    expect(marked['volume.kubernetes.io/storage-provisioner']).toBe('example.com/maker')
    expect(await told('made', 'ExternalProvisioning')).toContain("external provisioner 'example.com/maker'")
    const claimRef = {
      kind: 'PersistentVolumeClaim',
      apiVersion: 'v1',
      namespace,
      name: 'made',
      uid: claim.metadata.uid,
    }
    await makeVolume('pvc-made', { storageClassName: 'made', claimRef })
    expect((await claimIs('made', 'Bound')).spec.volumeName).toBe('pvc-made')
  })

  it('that waits for a Pod says so', async () => {
    await makeClass('waits', { volumeBindingMode: 'WaitForFirstConsumer' })
    await makeClaim('waits', { storageClassName: 'waits' })
    expect(await told('waits', 'WaitForFirstConsumer')).toBe('waiting for first consumer to be created before binding')
  })

  it('gets the default class also when that comes later', async () => {
    await makeClaim('classless', {})
    await told('classless', 'FailedBinding')
    await makeClass('default', {}, { 'storageclass.kubernetes.io/is-default-class': 'true' })
    await waitFor(async () => {
      const { spec } = await manager.client.get(persistentVolumeClaims, 'classless', { namespace })
      return spec.storageClassName === 'default'
    })
  })
})

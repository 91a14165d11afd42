import { describe, expect, it } from 'vitest'
import type { PersistentVolume, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { NodeGraph, type Referred } from './node-graph.ts'

const pod = (name: string, spec: object, rest: { metadata?: object; status?: object } = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'x', uid: name, ...rest.metadata },
    spec: { nodeName: 'a', containers: [{ name: 'main', image: 'i' }], ...spec },
    ...(rest.status === undefined ? {} : { status: rest.status }),
  }) as Pod
const volume = (spec: object): PersistentVolume =>
  ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'pv' },
    spec: { claimRef: { namespace: 'x', name: 'data' }, ...spec },
  }) as PersistentVolume

const container = (more: object) => ({ name: 'c', image: 'i', ...more })
const envOf = (valueFrom: object) => ({ env: [{ name: 'E', valueFrom }] })
const inVolume = (source: object) => ({ volumes: [{ name: 'v', ...source }] })

describe('a Pod gives its node what it refers to', () => {
  it.each<[string, Pod, Referred]>([
    ['service account', pod('p', { serviceAccountName: 'n' }), 'serviceaccounts'],
    ['imagePullSecrets', pod('p', { imagePullSecrets: [{ name: 'n' }] }), 'secrets'],
    [
      'secretKeyRef',
      pod('p', { containers: [container(envOf({ secretKeyRef: { name: 'n', key: 'k' } }))] }),
      'secrets',
    ],
    ['secretRef', pod('p', { initContainers: [container({ envFrom: [{ secretRef: { name: 'n' } }] })] }), 'secrets'],
    [
      'of an ephemeral container',
      pod('p', { ephemeralContainers: [container({ envFrom: [{ secretRef: { name: 'n' } }] })] }),
      'secrets',
    ],
    ['secret', pod('p', inVolume({ secret: { secretName: 'n' } })), 'secrets'],
    ['projected secret', pod('p', inVolume({ projected: { sources: [{ secret: { name: 'n' } }] } })), 'secrets'],
    ['csi', pod('p', inVolume({ csi: { driver: 'd', nodePublishSecretRef: { name: 'n' } } })), 'secrets'],
    ['azureFile', pod('p', inVolume({ azureFile: { secretName: 'n', shareName: 's' } })), 'secrets'],
    ['iscsi', pod('p', inVolume({ iscsi: { secretRef: { name: 'n' } } })), 'secrets'],
    [
      'configMapKeyRef',
      pod('p', { containers: [container(envOf({ configMapKeyRef: { name: 'n', key: 'k' } }))] }),
      'configmaps',
    ],
    [
      'configMapRef',
      pod('p', { containers: [container({ envFrom: [{ configMapRef: { name: 'n' } }] })] }),
      'configmaps',
    ],
    ['configMap', pod('p', inVolume({ configMap: { name: 'n' } })), 'configmaps'],
    [
      'projected configMap',
      pod('p', inVolume({ projected: { sources: [{ configMap: { name: 'n' } }] } })),
      'configmaps',
    ],
    ['claim', pod('p', inVolume({ persistentVolumeClaim: { claimName: 'n' } })), 'persistentvolumeclaims'],
    ['resource claim', pod('p', { resourceClaims: [{ name: 'r', resourceClaimName: 'n' }] }), 'resourceclaims'],
    [
      'resource claim of a template',
      pod(
        'p',
        { resourceClaims: [{ name: 'r', resourceClaimTemplateName: 't' }] },
        { status: { resourceClaimStatuses: [{ name: 'r', resourceClaimName: 'n' }] } },
      ),
      'resourceclaims',
    ],
    [
      'extended resources',
      pod('p', {}, { status: { extendedResourceClaimStatus: { resourceClaimName: 'n', requestMappings: [] } } }),
      'resourceclaims',
    ],
  ])('%s', (_, object, type) => {
    const graph = new NodeGraph()
    expect(graph.reaches('a', type, 'x', 'n')).toBe(false)
    graph.pods.changed(undefined, object)
    expect(graph.reaches('a', type, 'x', 'n')).toBe(true)
    expect(graph.reaches('b', type, 'x', 'n')).toBe(false)
    expect(graph.reaches('a', type, 'y', 'n')).toBe(false)
    graph.pods.changed(object, undefined)
    expect(graph.reaches('a', type, 'x', 'n')).toBe(false)
    expect(graph.size).toBe(0)
  })

  it('the claim that is made for an ephemeral volume', () => {
    const graph = new NodeGraph()
    graph.pods.changed(undefined, pod('p', inVolume({ ephemeral: { volumeClaimTemplate: { spec: {} } } })))
    expect(graph.reaches('a', 'persistentvolumeclaims', 'x', 'p-v')).toBe(true)
  })

  it.each([
    ['is not bound', pod('p', { nodeName: undefined, imagePullSecrets: [{ name: 'n' }] })],
    [
      'is a mirror',
      pod(
        'p',
        { imagePullSecrets: [{ name: 'n' }] },
        { metadata: { annotations: { 'kubernetes.io/config.mirror': '' } } },
      ),
    ],
    ['names nothing', pod('p', { imagePullSecrets: [{ name: '' }] })],
  ])('nothing when it %s', (_, object) => {
    const graph = new NodeGraph()
    graph.pods.changed(undefined, object)
    expect(graph.size).toBe(0)
  })
})

describe('a Pod that changes', () => {
  const unbound = pod('p', { nodeName: undefined, imagePullSecrets: [{ name: 'n' }] })
  const bound = pod('p', { imagePullSecrets: [{ name: 'n' }] })
  const withClaim = { resourceClaims: [{ name: 'r', resourceClaimTemplateName: 't' }] }
  it.each<[string, Pod, Pod, Referred, string]>([
    ['is bound', unbound, bound, 'secrets', 'n'],
    ['runs', bound, { ...bound, status: { phase: 'Running' } }, 'secrets', 'n'],
    [
      'gets an ephemeral container',
      bound,
      pod('p', { ...bound.spec, ephemeralContainers: [container({ envFrom: [{ configMapRef: { name: 'm' } }] })] }),
      'configmaps',
      'm',
    ],
    [
      'gets its claim',
      pod('p', withClaim),
      pod('p', withClaim, { status: { resourceClaimStatuses: [{ name: 'r', resourceClaimName: 'made' }] } }),
      'resourceclaims',
      'made',
    ],
    [
      'is another of its name',
      bound,
      pod('p', { imagePullSecrets: [{ name: 'm' }] }, { metadata: { uid: '2' } }),
      'secrets',
      'm',
    ],
  ])('%s', (_, before, after, type, name) => {
    const graph = new NodeGraph()
    graph.pods.changed(undefined, before)
    graph.pods.changed(before, after)
    expect(graph.reaches('a', type, 'x', name)).toBe(true)
    graph.pods.changed(after, undefined)
    expect(graph.size).toBe(0)
  })

  it('keeps for its node what another Pod there needs', () => {
    const graph = new NodeGraph()
    const [one, other, elsewhere] = [
      pod('one', { imagePullSecrets: [{ name: 'n' }] }),
      pod('other', { imagePullSecrets: [{ name: 'n' }] }),
      pod('elsewhere', { nodeName: 'b', imagePullSecrets: [{ name: 'n' }] }),
    ]
    graph.pods.replaced([one, other, elsewhere])
    graph.pods.changed(one, undefined)
    expect(graph.reaches('a', 'secrets', 'x', 'n')).toBe(true)
    graph.pods.changed(other, undefined)
    expect(graph.reaches('a', 'secrets', 'x', 'n')).toBe(false)
    expect(graph.reaches('b', 'secrets', 'x', 'n')).toBe(true)
    graph.pods.replaced([])
    expect(graph.size).toBe(0)
  })
})

describe('a volume gives the nodes of its claim the secrets that a kubelet needs', () => {
  const claimant = pod('p', inVolume({ persistentVolumeClaim: { claimName: 'data' } }))
  it.each<[string, object, boolean]>([
    ['of its own namespace', { csi: { nodeStageSecretRef: { namespace: 's', name: 'n' } } }, true],
    ['for publishing', { csi: { nodePublishSecretRef: { namespace: 's', name: 'n' } } }, true],
    ['for growing', { csi: { nodeExpandSecretRef: { namespace: 's', name: 'n' } } }, true],
    ['not those of controllers', { csi: { controllerPublishSecretRef: { namespace: 's', name: 'n' } } }, false],
    ['not without a claim', { claimRef: undefined, csi: { nodeStageSecretRef: { namespace: 's', name: 'n' } } }, false],
    [
      'not of another claim',
      { claimRef: { namespace: 'x', name: 'o' }, csi: { nodeStageSecretRef: { namespace: 's', name: 'n' } } },
      false,
    ],
    ['of drivers that were in tree', { rbd: { secretRef: { namespace: 's', name: 'n' } } }, true],
    ['of a file share', { azureFile: { secretNamespace: 's', secretName: 'n' } }, true],
  ])('%s', (_, spec, allowed) => {
    const graph = new NodeGraph()
    const object = volume(spec)
    graph.volumes.changed(undefined, object)
    expect(graph.reaches('a', 'secrets', 's', 'n')).toBe(false)
    graph.pods.changed(undefined, claimant)
    expect(graph.reaches('a', 'secrets', 's', 'n')).toBe(allowed)
    expect(graph.reaches('b', 'secrets', 's', 'n')).toBe(false)
    graph.volumes.changed(object, undefined)
    expect(graph.reaches('a', 'secrets', 's', 'n')).toBe(false)
    graph.pods.changed(claimant, undefined)
    expect(graph.size).toBe(0)
  })

  it('of the claim’s namespace where none is named', () => {
    const graph = new NodeGraph()
    graph.volumes.replaced([volume({ rbd: { secretRef: { name: 'n' } } })])
    graph.pods.replaced([claimant])
    expect(graph.reaches('a', 'secrets', 'x', 'n')).toBe(true)
  })
})

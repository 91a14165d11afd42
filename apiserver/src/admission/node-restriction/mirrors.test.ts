import { describe, expect, it } from 'vitest'
import { kinds } from '@kubets/shared/api/kinds/index.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { noOpinion } from '../../auth/attributes.ts'
import type { Lookup } from '../../auth/lookup.ts'
import type { AdmissionRequest } from '../../registry/types.ts'
import { nodeRestriction } from './plugin.ts'

const owner = { apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'a1', controller: true }
const mirror = (spec: object = {}, metadata: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web-a',
    namespace: 'default',
    annotations: { 'kubernetes.io/config.mirror': 'x' },
    ownerReferences: [owner],
    ...metadata,
  },
  spec: { nodeName: 'a', containers: [{ name: 'main', image: 'a' }], ...spec },
})
const lookup = (uid: string): Lookup =>
  ({
    get: () => Promise.resolve(uid === '' ? undefined : { metadata: { name: 'a', uid } }),
  }) as unknown as Lookup

async function problem(object: KubeObject, uid = 'a1'): Promise<string> {
  const kind = kinds.find((one) => one.kind === 'Pod')
  if (!kind) throw new Error('no Pods')
  const request: AdmissionRequest = {
    operation: 'CREATE',
    kind,
    namespace: 'default',
    name: 'web-a',
    subresource: '',
    object,
    dryRun: false,
    user: { name: 'system:node:a', groups: ['system:nodes'] },
    warn: () => undefined,
    annotate: () => undefined,
    signal: new AbortController().signal,
  }
  try {
    await nodeRestriction(lookup(uid), { authorize: () => noOpinion }).validate?.(request)
    return ''
  } catch (error) {
    return (error as Error).message.replace('pods "web-a" is forbidden: ', '')
  }
}

describe('a kubelet creates', () => {
  it('the mirror of a static Pod', async () => {
    const volumes = [{ name: 'v', projected: { sources: [{ downwardAPI: { items: [] } }] } }]
    expect(await problem(mirror())).toBe('')
    expect(await problem(mirror({ volumes }))).toBe('')
  })

  it.each([
    [
      mirror({}, { annotations: {} }),
      'pod does not have "kubernetes.io/config.mirror" annotation, node "a" can only create mirror pods',
    ],
    [mirror({ nodeName: 'b' }), 'node "a" can only create pods with spec.nodeName set to itself'],
    [mirror({}, { ownerReferences: [] }), 'node "a" can only create pods with an owner reference set to itself'],
    [
      mirror({}, { ownerReferences: [owner, owner] }),
      'node "a" can only create pods with a single owner reference set to itself',
    ],
    [
      mirror({}, { ownerReferences: [{ ...owner, name: 'b' }] }),
      'node "a" can only create pods with an owner reference set to itself',
    ],
    [
      mirror({}, { ownerReferences: [{ ...owner, kind: 'Pod' }] }),
      'node "a" can only create pods with an owner reference set to itself',
    ],
    [
      mirror({}, { ownerReferences: [{ ...owner, controller: false }] }),
      'node "a" can only create pods with a controller owner reference set to itself',
    ],
    [
      mirror({}, { ownerReferences: [{ ...owner, blockOwnerDeletion: true }] }),
      'node "a" must not set blockOwnerDeletion on an owner reference',
    ],
    [mirror({}, { ownerReferences: [{ ...owner, uid: 'a0' }] }), 'node a UID mismatch: expected a0 got a1'],
    [mirror({ serviceAccountName: 'x' }), 'node "a" can not create pods that reference "serviceaccounts"'],
    [
      mirror({ volumes: [{ name: 'v', configMap: { name: 'x' } }] }),
      'node "a" can not create pods that reference "configmaps"',
    ],
  ])('nothing else: %#', async (pod, message) => {
    expect(await problem(pod)).toBe(message)
  })

  it('nothing for a node that is not there', async () => {
    expect(await problem(mirror(), '')).toBe('nodes "a" not found')
  })
})

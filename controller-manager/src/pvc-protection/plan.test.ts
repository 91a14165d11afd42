import type { PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { expect, it } from 'vitest'
import { claimKeysOf } from '../pods/volume-claims.ts'
import { finalizer, mayLetGo, plan } from './plan.ts'

const claim = (metadata: object): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'c', namespace: 'x', ...metadata },
  spec: {},
})
const pod = (volumes: object[], more: { spec?: object; metadata?: object; status?: object } = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'x', uid: 'u', ...more.metadata },
    spec: { nodeName: 'n', containers: [], volumes, ...more.spec },
    ...(more.status && { status: more.status }),
  }) as Pod

const stays = {}
const kept = { finalizers: [finalizer] }
const goes = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['other', finalizer] }
const ofPod = {
  name: 'p-v',
  ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }],
}
const named = [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }]
const made = [{ name: 'v', ephemeral: {} }]
const shutDown = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 }

it.each<[string, object, Pod[], string]>([
  ['new', stays, [], 'add'],
  ['kept', kept, [], 'nothing'],
  ['goes, unused', goes, [], 'remove'],
  ['goes, used', goes, [pod(named)], 'nothing'],
  ['goes, used by a Pod that has ended', goes, [pod(named, { status: { phase: 'Succeeded' } })], 'nothing'],
  ['goes, used by a Pod on no node', goes, [pod(named, { spec: { nodeName: '' } })], 'remove'],
  ['goes, another is used', goes, [pod([{ name: 'v', persistentVolumeClaim: { claimName: 'd' } }])], 'remove'],
  ['goes, made for a Pod', { ...goes, ...ofPod }, [pod(made)], 'nothing'],
  ['goes, made for a Pod of before', { ...goes, ...ofPod }, [pod(made, { metadata: { uid: 'w' } })], 'remove'],
  ['goes, made for a Pod that finalizers keep', { ...goes, ...ofPod }, [pod(made, { metadata: shutDown })], 'remove'],
  ['goes, let go before', { deletionTimestamp: goes.deletionTimestamp, finalizers: ['other'] }, [], 'nothing'],
])('a claim: %s', (_, metadata, pods, want) => {
  expect(plan(claim(metadata), pods)).toBe(want)
})

it('knows a Pod by its claims', () => {
  expect(claimKeysOf(pod([...named, { name: 'w', ephemeral: {} }, { name: 'e', emptyDir: {} }]))).toEqual([
    'x/c',
    'x/p-w',
  ])
})

it.each<[string, Pod, boolean]>([
  ['runs', pod(named), false],
  ['is on no node', pod(named, { spec: { nodeName: '' } }), true],
  ['has ended', pod(named, { status: { phase: 'Failed' } }), true],
  ['has been shut down', pod(named, { metadata: shutDown }), true],
])('a Pod that %s', (_, one, want) => {
  expect(mayLetGo(one)).toBe(want)
})

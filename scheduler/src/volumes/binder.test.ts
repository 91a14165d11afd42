import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { describe, expect, it } from 'vitest'
import { storageOf } from '../cases.ts'
import { AssumedVolumes } from './assumed.ts'
import { boundVolume } from '@kubets/shared/api/volume-binding.ts'
import { isDone, placed, VolumeBinder } from './binder.ts'

const claim = (version: string, bound?: string, annotations: Record<string, string> = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: 'c',
    namespace: 'default',
    uid: 'uid-c',
    resourceVersion: version,
    annotations: { ...annotations, ...(bound ? { 'pv.kubernetes.io/bind-completed': 'yes' } : {}) },
  },
  spec: bound ? { volumeName: bound } : {},
})
const volume = (version: string, spec: PersistentVolume['spec'] = {}): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'v', resourceVersion: version },
  spec,
})
const claimRef = { name: 'c', namespace: 'default', uid: 'uid-c' }
const inZone = (value: string): PersistentVolume['spec'] => ({
  claimRef,
  nodeAffinity: {
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [value] }] }] },
  },
})
const chosen = { 'volume.kubernetes.io/selected-node': 'n' }

describe('isDone', () => {
  const binding = { bindings: [{ claim: claim('1'), volume: volume('5', { claimRef }) }], provisions: [] }
  const provision = { bindings: [], provisions: [claim('5', undefined, chosen)] }
  it.each<[string, typeof binding | typeof provision, PersistentVolumeClaim[], PersistentVolume[], boolean | string]>([
    ['the written volume is not known yet', binding, [claim('1')], [volume('4')], false],
    ['the claim is not bound yet', binding, [claim('1')], [volume('5', { claimRef })], false],
    ['the claim is bound', binding, [claim('6', 'v')], [volume('5', { claimRef })], true],
    ['the volume is gone', binding, [claim('1')], [], 'failed to check binding: could not find pv "v"'],
    [
      'the claim is gone',
      binding,
      [],
      [volume('5', { claimRef })],
      'failed to check binding: could not find pvc "default/c"',
    ],
    ['somebody took the volume back', binding, [claim('1')], [volume('6')], 'ClaimRef got reset for pv "v"'],
    [
      'the volume is elsewhere by now',
      binding,
      [claim('1')],
      [volume('6', inZone('other'))],
      'pv "v" node affinity doesn\'t match node "n": no matching NodeSelectorTerms',
    ],
    ['the written claim is not known yet', provision, [claim('4')], [], false],
    ['its volume is not made yet', provision, [claim('5', undefined, chosen)], [], false],
    ['its volume is not known yet', provision, [claim('6', 'v', chosen)], [], false],
    ['its volume is made', provision, [claim('6', 'v', chosen)], [volume('6', inZone('z'))], true],
    ['its volume cannot be made there', provision, [claim('6')], [], 'provisioning failed for PVC "c"'],
  ])('%s', (_name, written, claims, volumes, want) => {
    const node = { name: 'n', labels: { zone: 'z' } }
    const ask = () => isDone(written, node, storageOf({ claims, volumes }))
    if (typeof want === 'string') expect(ask).toThrow(want)
    else expect(ask()).toBe(want)
  })
})

describe('what is written', () => {
  it('marks a reference that is ours, and leaves one that a user made', () => {
    expect(boundVolume(volume('1'), claim('1')).metadata.annotations).toEqual({
      'pv.kubernetes.io/bound-by-controller': 'yes',
    })
    const before = boundVolume(volume('1', { claimRef: { name: 'c', namespace: 'default' } }), claim('1'))
    expect(before.metadata.annotations).toBe(undefined)
    expect(before.spec?.claimRef).toMatchObject(claimRef)
  })

  it('keeps what the claim says', () => {
    expect(placed(claim('1', undefined, { mine: 'yes' }), 'n').metadata.annotations).toEqual({ mine: 'yes', ...chosen })
  })
})

describe('AssumedVolumes', () => {
  it('holds until the API knows better', () => {
    const volumes = [volume('1')]
    const objects = new AssumedVolumes(storageOf({ volumes }))
    objects.assumeVolume(boundVolume(volume('1'), claim('1')))
    expect(objects.volume('v')?.spec?.claimRef?.name).toBe('c')
    volumes[0] = volume('2')
    expect(objects.volumes()[0]?.spec?.claimRef).toBeUndefined()
    volumes[0] = volume('1')
    expect(objects.volume('v')?.spec?.claimRef).toBeUndefined()
  })
})

describe('VolumeBinder', () => {
  const setUp = (claims: PersistentVolumeClaim[]) => {
    const clock = new FakeClock()
    const update = async (_ref: unknown, object: object) => object
    const there = { pod: true }
    const binder = new VolumeBinder({
      client: { update } as unknown as Client,
      clock,
      objects: new AssumedVolumes(storageOf({ claims })),
      podExists: () => there.pod,
      nodeLabels: (name) => (name === 'n' ? {} : undefined),
    })
    return { binder, clock, there }
  }
  const wanted = { bindings: [], provisions: [claim('1', undefined, chosen)] }
  const { signal } = new AbortController()

  it('gives up when the time is over', async () => {
    const { binder, clock } = setUp([claim('1', undefined, chosen)])
    const result = expect(binder.bind('default/p', 'n', wanted, 600_000, signal)).rejects.toThrow(
      'binding volumes: context deadline exceeded',
    )
    await clock.advance(600_000)
    await result
  })

  it('gives up when the Pod is gone', async () => {
    const { binder, there } = setUp([claim('1', undefined, chosen)])
    const result = expect(binder.bind('default/p', 'n', wanted, 600_000, signal)).rejects.toThrow(
      'pod does not exist any more',
    )
    await Promise.resolve()
    there.pod = false
    binder.changed()
    await result
  })

  it('gives up when the node is gone', async () => {
    const { binder } = setUp([claim('1', undefined, chosen)])
    await expect(binder.bind('default/p', 'm', wanted, 600_000, signal)).rejects.toThrow('node "m" not found')
  })
})

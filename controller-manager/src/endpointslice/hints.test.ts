import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import type { Endpoint, EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { describe, expect, it } from 'vitest'
import { testService } from '../services/services.testing.ts'
import { asksForHints, shareOut, type Shared } from './hints.ts'
import { cpuShares } from './zones.ts'

/** Endpoints by letters: "aab" is two in zone a and one in b, "A" is one in zone a that is not ready, "-" one without zone. */
const endpoints = (zones: string, hints = ''): Endpoint[] =>
  [...zones].map((letter, i) => ({
    addresses: [`10.0.0.${i}`],
    conditions: { ready: letter === letter.toLowerCase() },
    ...(letter === '-' ? {} : { zone: letter.toLowerCase() }),
    ...(hints[i] && hints[i] !== '.' ? { hints: { forZones: [{ name: hints[i] }] } } : {}),
  }))
const slice = (zones: string, hints: string): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: zones },
  addressType: 'IPv4',
  ports: [],
  endpoints: endpoints(zones, hints),
})
const hintsOf = (list: readonly Endpoint[]): string =>
  list.map(({ hints }) => hints?.forZones?.map(({ name }) => name).join('+') ?? '.').join('')

/** The hints of what is written, then of the slices that are written too; what is wrong. */
const outcome = ({ written, unchanged }: Shared, shares: Record<string, number> | undefined): string => {
  const out = shareOut({ written, unchanged }, shares && new Map(Object.entries(shares)))
  const touched = out.touched.map(({ slice: { metadata }, endpoints: list }) => `${metadata.name}=${hintsOf(list)}`)
  return [...out.written.map(hintsOf), ...touched, ...(out.problem ? [out.problem] : [])].join(' ')
}

describe('a Service asks for hints', () => {
  const mode = 'service.kubernetes.io/topology-mode'
  const old = 'service.kubernetes.io/topology-aware-hints'
  it.each<[string, Record<string, string>, boolean]>([
    ['not by itself', {}, false],
    ['by its topology mode', { [mode]: 'Auto' }, true],
    ['by the annotation of old', { [old]: 'auto' }, true],
    ['and the one of old goes first', { [mode]: 'Auto', [old]: 'Disabled' }, false],
  ])('%s', (_, annotations, wanted) => {
    const service = testService()
    expect(asksForHints({ ...service, metadata: { ...service.metadata, annotations } })).toBe(wanted)
  })
})

const half = { a: 0.5, b: 0.5 }
const thirds = { a: 1 / 3, b: 1 / 3, c: 1 / 3 }

describe('endpoints are shared out among zones', () => {
  it.each<[string, string, string[], EndpointSlice[], Record<string, number> | undefined]>([
    ['each in its own where all have their part', 'abab', ['abab'], [], half],
    ['some to a zone that lacks them', 'bbaa', ['aaaa'], [], half],
    ['in several slices', 'bba aab', ['aaa', 'aab'], [], half],
    ['by share, not by number', 'bbba', ['aaaa'], [], { a: 0.25, b: 0.75 }],
    ['not those that are not ready', 'a.b', ['aAb'], [], half],
    ['one more or less is no reason to move', 'aaaabbb', ['aaaabbb'], [], half],
    ['what has good hints stays', 'ab', ['ab'], [slice('ab', 'ab')], half],
    ['what has none is written', 'ab=ab', [], [slice('ab', '')], half],
    ['what has those of a zone that is gone is written', 'ab=ab', [], [slice('ab', 'ac')], half],
    ['what has too many of a zone is written', 'aaaa=bbaa', [], [slice('aaaa', 'aaaa')], half],
    [
      'nothing when zones are not known',
      '.. ab=.. Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
      ['ab'],
      [slice('ab', 'ab')],
      undefined,
    ],
    [
      'nothing when there are too few',
      '.. Insufficient number of endpoints (2 endpoints, 3 zones)',
      ['ab'],
      [],
      thirds,
    ],
    [
      'nothing when a zone would be overloaded',
      '.... Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (4 endpoints, 3 zones)',
      ['abca'],
      [],
      thirds,
    ],
    ['nothing when one has no zone', '.... One or more endpoints do not have a zone specified', ['aab-'], [], half],
  ])('%s', (_name, want, written, unchanged, shares) => {
    expect(outcome({ written: written.map((zones) => endpoints(zones)), unchanged }, shares)).toBe(want)
  })
})

const node = (zone: string, cpu: string, more: Record<string, string> = {}, ready = 'True'): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', labels: { ...(zone ? { 'topology.kubernetes.io/zone': zone } : {}), ...more } },
  spec: {},
  status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready }] },
})
const control = { 'node-role.kubernetes.io/control-plane': '' }

it.each<[string, Node[], Record<string, number> | undefined]>([
  ['two zones', [node('a', '1'), node('b', '2'), node('a', '1')], { a: 0.5, b: 0.5 }],
  ['one zone', [node('a', '1')], undefined],
  ['a node without zone', [node('a', '1'), node('b', '1'), node('', '1')], undefined],
  ['a node without CPU', [node('a', '1'), node('b', '0')], undefined],
  ['a node that is not ready', [node('a', '1'), node('b', '3'), node('a', '2', {}, 'False')], { a: 0.25, b: 0.75 }],
  ['the control plane', [node('a', '1'), node('b', '3'), node('', '2', control)], { a: 0.25, b: 0.75 }],
])('shares of CPU: %s', (_name, nodes, want) => {
  expect(cpuShares(nodes)).toEqual(want && new Map(Object.entries(want)))
})

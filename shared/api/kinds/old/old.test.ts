import { describe, expect, it } from 'vitest'
import { apiVersionOf, type KubeObject } from '../../../machinery/object.ts'
import { decodeObject } from '../../../machinery/schema/decode.ts'
import { schemaFor } from '../../schemas.ts'
import { findKind } from '../index.ts'
import { decoded, createProblems, stored, type Draft } from '../test-cases.ts'
import { oldKinds } from './index.ts'

const find = (plural: string) => oldKinds.find((kind) => kind.plural === plural)!

describe('each older version', () => {
  it.each(oldKinds.map((kind) => [`${kind.group}/${kind.version} ${kind.kind}`, kind] as const))('%s', (_, kind) => {
    expect(findKind(kind.group, kind.version, kind.plural)).toBeUndefined()
    const obj = decoded(kind, { metadata: { name: 'a', labels: { a: 'b' } } })
    expect(kind.row(obj, 0)).toHaveLength(kind.columns.length)
    // stored as the kind says, which is one of the table, and back
    const kept = kind.storedAs!.to(obj)
    const { group, version, plural, kind: name } = kind.storedAs!
    expect(findKind(group, version, plural)?.kind).toBe(name)
    expect([kept.apiVersion, kept.kind]).toEqual([apiVersionOf({ group, version }), name])
    const back = kind.storedAs!.from(kept)
    expect([back.apiVersion, back.kind, back.metadata]).toEqual([apiVersionOf(kind), kind.kind, obj.metadata])
  })
})

/** An object through the stored form and back, and that form. */
function through(plural: string, draft: Draft): { kept: KubeObject; back: KubeObject; sent: KubeObject } {
  const kind = find(plural)
  const sent = decoded(kind, draft)
  const kept = kind.storedAs!.to(sent)
  return { kept, back: kind.storedAs!.from(kept), sent }
}

describe('conversions, both ways', () => {
  const backend = { serviceName: 'web', servicePort: 80 }
  const rule = { host: 'a.b', http: { paths: [{ path: '/', backend: { serviceName: 'api', servicePort: 'http' } }] } }
  const cases: [string, string, Draft, object][] = [
    [
      'an Ingress',
      'ingresses',
      { spec: { backend, rules: [rule] } },
      {
        spec: {
          defaultBackend: { service: { name: 'web', port: { number: 80 } } },
          rules: [
            {
              host: 'a.b',
              http: {
                paths: [
                  {
                    path: '/',
                    pathType: 'ImplementationSpecific',
                    backend: { service: { name: 'api', port: { name: 'http' } } },
                  },
                ],
              },
            },
          ],
        },
      },
    ],
    [
      'an EndpointSlice',
      'endpointslices',
      {
        addressType: 'IPv4',
        endpoints: [
          { addresses: ['10.0.0.1'], topology: { 'topology.kubernetes.io/zone': 'z', 'kubernetes.io/hostname': 'n' } },
        ],
        ports: null,
      },
      {
        endpoints: [
          { addresses: ['10.0.0.1'], zone: 'z', deprecatedTopology: { 'kubernetes.io/hostname': 'n' }, conditions: {} },
        ],
      },
    ],
    [
      'a budget for no Pods',
      'poddisruptionbudgets',
      { spec: { minAvailable: 1, selector: {} } },
      {
        spec: {
          selector: {
            matchExpressions: [
              { key: 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match', operator: 'Exists' },
            ],
          },
        },
      },
    ],
    [
      'a budget for some',
      'poddisruptionbudgets',
      { spec: { selector: { matchLabels: { a: 'b' } } } },
      { spec: { selector: { matchLabels: { a: 'b' } } } },
    ],
    [
      'an event',
      'events',
      {
        eventTime: '2026-01-01T00:00:00.000000Z',
        regarding: { kind: 'Pod', name: 'p' },
        note: 'n',
        deprecatedCount: 2,
      },
      { involvedObject: { kind: 'Pod', name: 'p' }, message: 'n', count: 2 },
    ],
  ]
  it.each(cases)('%s', (_, plural, draft, want) => {
    const { kept, back, sent } = through(plural, draft)
    expect(kept).toMatchObject(want)
    expect(decoded(find(plural), JSON.parse(JSON.stringify(back)) as Draft)).toEqual(sent)
    // what is stored is a whole object of the newer version
    const { group, version, kind } = find(plural).storedAs!
    const again = decodeObject(schemaFor(group, version, kind), JSON.parse(JSON.stringify(kept)), 'Strict')
    expect(again.problems).toEqual([])
  })

  it('a budget of v1 for all Pods is one of v1beta1 for all Pods', () => {
    const v1 = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'a' }, spec: { selector: {} } }
    const { from, to } = find('poddisruptionbudgets').storedAs!
    const older = from(v1 as KubeObject)
    expect(older).toMatchObject({ spec: { selector: { matchExpressions: [{ operator: 'DoesNotExist' }] } } })
    expect(to(older)).toEqual(v1)
  })
})

describe('rules', () => {
  it('are the newer version’s, and names those of its fields', () => {
    expect(createProblems(find('ingresses'), { spec: { backend: { serviceName: 'A', servicePort: 80 } } })[0]).toMatch(
      /^spec.defaultBackend.service.name: Invalid value: "A"/,
    )
    expect(createProblems(find('cronjobs'), { spec: { schedule: 'x', jobTemplate: {} } })[0]).toMatch(/^spec.schedule/)
  })

  it('keep topology of slices, which v1 drops', () => {
    const topology = { 'kubernetes.io/hostname': 'n' }
    const slice = { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'], topology }], ports: null }
    expect(stored(find('endpointslices'), slice)).toMatchObject({ endpoints: [{ topology }] })
  })

  it('webhooks of v1beta1 fail open', () => {
    const webhooks = [{ name: 'a.b.c', clientConfig: { url: 'https://a' } }]
    expect(decoded(find('validatingwebhookconfigurations'), { webhooks })).toMatchObject({
      webhooks: [
        {
          failurePolicy: 'Ignore',
          matchPolicy: 'Exact',
          sideEffects: 'Unknown',
          timeoutSeconds: 30,
          admissionReviewVersions: ['v1beta1'],
        },
      ],
    })
  })
})

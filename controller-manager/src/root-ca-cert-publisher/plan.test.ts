import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import type { ConfigMap, Namespace } from '@kubets/shared/api/types/core-v1.ts'
import { conflict } from '@kubets/shared/machinery/errors.ts'
import { publisherMetrics } from './metrics.ts'
import { plan } from './plan.ts'

const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' }, spec: {} }
const description = 'kubernetes.io/description'

describe('plan', () => {
  const created = plan(namespace, undefined, 'PEM')
  const published = created?.configMap as ConfigMap
  const text = published.metadata.annotations?.[description]

  it('creates what is missing, and says what it is for', () => {
    expect(created).toEqual({
      type: 'create',
      configMap: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'kube-root-ca.crt', namespace: 'n', annotations: { [description]: text } },
        data: { 'ca.crt': 'PEM' },
      },
    })
    expect(text).toMatch(/^Contains a CA bundle that can be used to verify the kube-apiserver/)
  })

  const given = (metadata: object, data: Record<string, string> | undefined): ConfigMap => ({
    ...published,
    metadata: { ...published.metadata, ...metadata },
    ...(data ? { data } : {}),
  })
  it.each<[string, ConfigMap, string]>([
    ['other data', given({}, { 'ca.crt': 'other' }), 'update'],
    ['more data', given({}, { 'ca.crt': 'PEM', more: 'x' }), 'update'],
    ['an empty certificate', given({}, { 'ca.crt': '' }), 'update'],
    ['no data', { ...published, data: {} }, 'update'],
    ['no annotations', given({ annotations: undefined }, undefined), 'update'],
    ['an empty description', given({ annotations: { [description]: '' } }, undefined), 'update'],
    ['a description of its own', given({ annotations: { [description]: 'mine' } }, undefined), 'nothing'],
    [
      'annotations and labels of its own',
      given({ annotations: { [description]: text, a: 'b' }, labels: { c: 'd' } }, undefined),
      'nothing',
    ],
    ['everything', published, 'nothing'],
  ])('of one with %s', (_, current, want) => {
    expect(plan(namespace, current, 'PEM')?.type ?? 'nothing').toBe(want)
  })

  it('repairs no more than that', () => {
    const current = given({ annotations: { a: 'b' }, labels: { c: 'd' }, resourceVersion: '7' }, { 'ca.crt': 'old' })
    expect(plan(namespace, current, 'NEW')).toEqual({
      type: 'update',
      configMap: {
        ...current,
        metadata: { ...current.metadata, annotations: { a: 'b', [description]: text } },
        data: { 'ca.crt': 'NEW' },
      },
    })
  })

  it.each<[string, Partial<Namespace>]>([
    ['that is told to go', { metadata: { name: 'n', deletionTimestamp: '2026-01-01T00:00:00Z' } }],
    ['that goes', { status: { phase: 'Terminating' } }],
  ])('leaves a namespace alone %s', (_, more) => {
    expect(plan({ ...namespace, ...more }, undefined, 'PEM')).toBeUndefined()
  })
})

it('looks at namespaces are counted by the code they ended with', async () => {
  const registry = new Registry()
  const { synced } = publisherMetrics(registry)
  synced(0.003, undefined)
  synced(0.003, new Error('no connection'))
  synced(0.003, conflict({ group: '', plural: 'configmaps' }, 'kube-root-ca.crt', 'changed'))
  const lines = (await registry.metrics()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'root_ca_cert_publisher_sync_total{code="200"} 1',
      'root_ca_cert_publisher_sync_total{code="500"} 1',
      'root_ca_cert_publisher_sync_total{code="409"} 1',
      'root_ca_cert_publisher_sync_duration_seconds_bucket{le="0.004",code="200"} 1',
    ]),
  )
})

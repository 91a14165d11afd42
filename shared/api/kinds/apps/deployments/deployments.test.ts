import { describe, expect, it } from 'vitest'
import { clone } from '../../../../machinery/deep.ts'
import { errorText } from '../../../../machinery/fieldpath.ts'
import type { Deployment } from '../../../types/apps-v1.ts'
import {
  prepareForCreate,
  prepareForStatusUpdate,
  prepareForUpdate,
  validateCreate,
  validateUpdate,
} from '../../strategy.ts'
import { deployment as kind } from './kind.ts'

function make(change: (obj: Deployment) => void = () => undefined): Deployment {
  const obj: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'x', resourceVersion: '1' },
    spec: {
      selector: { matchLabels: { app: 'd' } },
      template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'nginx:1' }] } },
    },
  }
  change(obj)
  kind.defaults?.(obj)
  prepareForCreate(kind, obj)
  return obj
}

it('fills in defaults', () => {
  const { replicas, strategy, revisionHistoryLimit, progressDeadlineSeconds } = make().spec
  expect({ replicas, strategy, revisionHistoryLimit, progressDeadlineSeconds }).toEqual({
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  })
})

describe('validation', () => {
  const table: [string, (obj: Deployment) => void, string[]][] = [
    ['fine', () => undefined, []],
    [
      'labels do not match',
      (obj) => (obj.spec.template.metadata = { labels: { app: 'e' } }),
      ['spec.template.metadata.labels: Invalid value: {"app":"e"}: `selector` does not match template `labels`'],
    ],
    [
      'empty selector',
      (obj) => (obj.spec.selector = {}),
      ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
    ],
    [
      'replicas',
      (obj) => (obj.spec.replicas = -1),
      ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'nothing may move',
      (obj) => (obj.spec.strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } }),
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
    ],
    [
      'restart policy',
      (obj) => (obj.spec.template.spec.restartPolicy = 'Never'),
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
  ]
  it.each(table)('%s', (_, change, want) => {
    expect(validateCreate(kind, make(change)).map(errorText)).toEqual(want)
  })

  it('keeps the selector', () => {
    const old = make()
    const now = clone(old)
    now.spec.selector = { matchLabels: { app: 'd', b: 'c' } }
    now.spec.template.metadata = { labels: { app: 'd', b: 'c' } }
    expect(validateUpdate(kind, now, old).map(errorText)).toEqual([
      'spec.selector: Invalid value: {"matchLabels":{"app":"d","b":"c"}}: field is immutable',
    ])
  })
})

describe('generation', () => {
  const changes: [string, (obj: Deployment) => void, number][] = [
    ['labels do not count', (obj) => (obj.metadata.labels = { a: 'b' }), 1],
    ['spec counts', (obj) => (obj.spec.replicas = 3), 2],
    ['annotations count', (obj) => (obj.metadata.annotations = { a: 'b' }), 2],
  ]
  it.each(changes)('%s', (_, change, want) => {
    const old = make()
    const now = clone(old)
    change(now)
    prepareForUpdate(kind, now, old)
    expect(now.metadata.generation).toBe(want)
  })

  it('status leaves the spec alone', () => {
    const old = make()
    const now = clone(old)
    now.spec.replicas = 7
    now.status = { replicas: 1 }
    prepareForStatusUpdate(kind, now, old, '2026-01-01T00:00:00Z')
    expect(now.spec).toEqual(old.spec)
    expect(now.status).toEqual({ replicas: 1 })
    expect(now.metadata.generation).toBe(1)
  })
})

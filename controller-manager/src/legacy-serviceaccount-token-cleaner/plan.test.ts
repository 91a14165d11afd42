import type { Pod, Secret, ServiceAccount } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { secretNamesOf } from './mounted.ts'
import { hasTrackedLongEnough, invalidSinceLabel, lastUsedLabel, plan } from './plan.ts'

const day = 86_400_000
const now = Date.parse('2026-06-10T12:00:00Z')
const period = 10 * day
const secret = (
  labels: Record<string, string> = {},
  more: object = {},
  type = 'kubernetes.io/service-account-token',
): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'robot-token-x', creationTimestamp: '2026-01-01T00:00:00Z', labels, ...more },
  type,
})
const account = (...names: string[]): ServiceAccount => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'robot' },
  secrets: names.map((name) => ({ name })),
})
const robot = account('robot-token-x')

// pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner_test.go
describe('plan', () => {
  it.each([
    ['never used', secret(), robot, false, 'mark'],
    ['used long ago', secret({ [lastUsedLabel]: '2026-05-30' }), robot, false, 'mark'],
    ['used lately', secret({ [lastUsedLabel]: '2026-05-31' }), robot, false, 'keep'],
    ['used at no day', secret({ [lastUsedLabel]: 'once' }), robot, false, 'keep'],
    ['marked lately', secret({ [invalidSinceLabel]: '2026-05-31' }), robot, false, 'keep'],
    ['marked long ago', secret({ [invalidSinceLabel]: '2026-05-30' }), robot, false, 'delete'],
    ['marked with no day', secret({ [invalidSinceLabel]: '2026-02-30' }), robot, false, 'mark'],
    [
      'marked, but used since',
      secret({ [invalidSinceLabel]: '2026-05-01', [lastUsedLabel]: '2026-06-09' }),
      robot,
      false,
      'keep',
    ],
    ['in a Pod', secret(), robot, true, 'keep'],
    ['made by hand', secret(), account('other'), false, 'keep'],
    ['without an account', secret(), undefined, false, 'keep'],
    ['new', secret({}, { creationTimestamp: '2026-06-01T00:00:00Z' }), robot, false, 'keep'],
    ['on its way', secret({}, { deletionTimestamp: '2026-06-01T00:00:00Z' }), robot, false, 'keep'],
    ['no token', secret({}, {}, 'Opaque'), robot, false, 'keep'],
  ])('of a token that is %s', (_, seen, of, mounted, want) => {
    expect(plan({ secret: seen, account: of, isMounted: () => mounted }, now, period)).toBe(want)
  })
})

it.each([
  ['2026-05-30', true],
  ['2026-05-31', false],
  ['never', false],
  [undefined, false],
])('use tracked since %s: %s', (since, enough) => {
  const data: Record<string, string> = since === undefined ? {} : { since }
  expect(hasTrackedLongEnough({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data }, now, period)).toBe(enough)
})

it('a Pod names Secrets in many places', () => {
  const secretRef = (name: string): object => ({ secretRef: { name } })
  const spec = {
    imagePullSecrets: [{ name: 'pull' }, {}],
    containers: [
      {
        name: 'c',
        env: [
          { name: 'A', valueFrom: { secretKeyRef: { name: 'env', key: 'k' } } },
          { name: 'B', value: '' },
        ],
      },
    ],
    initContainers: [{ name: 'i', envFrom: [secretRef('all'), {}] }],
    volumes: [
      { name: '1', secret: { secretName: 'volume' } },
      { name: '2', projected: { sources: [{ secret: { name: 'projected' } }, {}] } },
      { name: '3', csi: { driver: 'd', nodePublishSecretRef: { name: 'csi' } } },
      { name: '4', azureFile: { secretName: 'azure', shareName: 's' } },
      { name: '5', iscsi: { targetPortal: 't', iqn: 'i', lun: 0, ...secretRef('iscsi') } },
      { name: '6', emptyDir: {} },
    ],
  }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec } as Pod
  const names = ['pull', 'env', 'all', 'volume', 'projected', 'csi', 'azure', 'iscsi']
  expect(secretNamesOf(pod).toSorted()).toEqual(names.toSorted())
})

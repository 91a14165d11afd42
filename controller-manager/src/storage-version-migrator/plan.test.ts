import { customResourceDefinitions } from '@kubets/shared/api/resources.gen.ts'
import type { CustomResourceDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import type { StorageVersionMigration } from '@kubets/shared/api/types/storagemigration-v1beta1.ts'
import * as errors from '@kubets/shared/machinery/errors.ts'
import { describe, expect, it } from 'vitest'
import { migrated, migrating } from './definition.ts'
import { begun, ended, isNewer, mayPass, plan, type Step } from './plan.ts'

const at = '2026-01-01T00:00:00Z'
const now = Date.parse('2026-01-01T00:10:00Z')
const ref = { group: 'example.com', version: 'v2', plural: 'widgets', kind: 'Widget', namespaced: true }

const migration = (
  name: string,
  conditions: string[] = [],
  more: { version?: string; made?: string; resource?: string } = {},
): StorageVersionMigration => ({
  apiVersion: 'storagemigration.k8s.io/v1beta1',
  kind: 'StorageVersionMigration',
  metadata: { name, creationTimestamp: more.made ?? at },
  spec: { resource: { group: 'example.com', resource: more.resource ?? 'widgets' } },
  status: {
    conditions: conditions.map((type) => ({ type, status: 'True', reason: 'R', message: '', lastTransitionTime: at })),
    ...(more.version && { resourceVersion: more.version }),
  },
})

describe('a migration', () => {
  const nothing: Step = { step: 'nothing' }
  const begin: Step = { step: 'begin' }
  const mark: Step = { step: 'mark', ref }
  const one = migration('m')
  const running = migration('m', ['Running'])
  const unknown: Step = { step: 'retry', problem: 'the server has no resource widgets.example.com yet' }
  const missing: Step = { step: 'fail', message: 'resource does not exist in discovery' }
  it.each<[string, StorageVersionMigration, StorageVersionMigration[], boolean, Step]>([
    ['alone begins', one, [], true, begin],
    ['of a resource that is not known yet begins, too', one, [], false, begin],
    ['that runs notes where it stands', running, [], true, mark],
    [
      'that noted it rewrites',
      migration('m', ['Running'], { version: '7' }),
      [],
      true,
      { step: 'rewrite', ref, version: '7' },
    ],
    ['that succeeded is done', migration('m', ['Succeeded'], { version: '7' }), [], true, nothing],
    ['that failed is done', migration('m', ['Failed']), [], false, nothing],
    ['waits while another of its resource runs', one, [migration('z', ['Running'])], true, nothing],
    ['does not wait for one that is over', one, [migration('a', ['Succeeded'])], true, begin],
    [
      'does not wait for one of another resource',
      one,
      [migration('a', ['Running'], { resource: 'gears' })],
      true,
      begin,
    ],
    ['waits for an older one', one, [migration('z', [], { made: '2025-12-31T23:59:59Z' })], true, nothing],
    ['does not wait for a younger one', one, [migration('a', [], { made: '2026-01-01T00:00:01Z' })], true, begin],
    ['waits for one as old and before it by name', one, [migration('a')], true, nothing],
    ['does not wait for one as old and behind it', one, [migration('z')], true, begin],
    ['of a resource that nobody serves', running, [], false, missing],
    [
      'of a resource that is not served yet',
      migration('m', ['Running'], { made: '2026-01-01T00:09:01Z' }),
      [],
      false,
      unknown,
    ],
    [
      'of a resource not served for a minute',
      migration('m', ['Running'], { made: '2026-01-01T00:09:00Z' }),
      [],
      false,
      missing,
    ],
  ])('%s', (_, self, others, isServed, want) =>
    expect(plan(self, [...others, self], isServed ? ref : undefined, now)).toEqual(want),
  )

  const told = ({ conditions }: { conditions?: { type: string; status: string; reason: string; message: string }[] }) =>
    conditions?.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`)
  const first = begun(undefined, now)
  it.each([
    ['begins', first, ['Running=True MigrationRunning: The migration is running']],
    [
      'ends well',
      ended(first, undefined, now),
      ['Running=False MigrationCompleted: Migration completed', 'Succeeded=True StorageVersionMigrationSucceeded: '],
    ],
    [
      'fails',
      ended(first, 'no', now),
      ['Running=False MigrationCompleted: Migration completed', 'Failed=True StorageVersionMigrationFailed: no'],
    ],
  ])('says so when it %s', (_, status, want) => expect(told(status ?? {})).toEqual(want))
})

it.each([
  ['7', '7', false],
  ['6', '7', false],
  ['8', '7', true],
  ['10', '9', true],
  ['9', '10', false],
])('an object of version %s after %s: %s', (resourceVersion, version, want) =>
  expect(isNewer({ resourceVersion }, version)).toBe(want),
)

const group = { group: '', plural: 'pods' }
it.each([
  ['too many requests', errors.tooManyRequests('slow', 1), true],
  ['an internal error', errors.internal(new Error('x')), true],
  ['a server that is away', errors.serviceUnavailable('x'), true],
  ['a timeout', errors.timeout('x'), true],
  ['a lost connection', new Error('ECONNRESET'), true],
  ['a refusal', errors.forbidden(group, 'a', 'no'), false],
  ['an object that is not valid any more', errors.invalid({ group: '', kind: 'Pod' }, 'a', []), false],
])('%s may pass', (_, error, want) => expect(mayPass(error)).toBe(want))

describe("the definition's status", () => {
  const crd = (generation: number): CustomResourceDefinition => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: customResourceDefinitions.kind,
    metadata: { name: 'widgets.example.com', generation },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        { name: 'v1', served: true, storage: false },
        { name: 'v2', served: true, storage: true },
      ],
    },
    status: { conditions: [], acceptedNames: { plural: 'widgets', kind: 'Widget' }, storedVersions: ['v1', 'v2'] },
  })
  const began = migrating(crd(3), 'm', now)

  it('says which migration runs', () =>
    expect(began.conditions).toEqual([
      {
        type: 'StorageMigrating',
        status: 'True',
        reason: 'MigrationRunning',
        message: 'Migration m is running',
        observedGeneration: 3,
        lastTransitionTime: '2026-01-01T00:10:00Z',
      },
    ]))

  it.each<[string, number, 'succeeded' | 'failed', string, string[]]>([
    ['succeeded', 3, 'succeeded', 'The migration has succeeded and the stored versions have been updated', ['v2']],
    [
      'succeeded, of another definition',
      4,
      'succeeded',
      'The migration has succeeded but the stored versions have not been updated due to a generation mismatch',
      ['v1', 'v2'],
    ],
    ['failed', 3, 'failed', 'The migration has failed', ['v1', 'v2']],
  ])('says how it ended: %s', (_, generation, outcome, message, storedVersions) => {
    const status = migrated({ ...crd(generation), status: began }, outcome, now)
    expect(status.conditions?.map(({ status: is, message: text }) => [is, text])).toEqual([['False', message]])
    expect(status.storedVersions).toEqual(storedVersions)
  })
})

import { kinds } from '@kubets/shared/api/kinds/index.ts'
import { expect, it } from 'vitest'
import { servedKinds } from './runtime-config.ts'

const names = (settings: string[]) =>
  new Set(servedKinds(settings).map(({ group, version, plural }) => `${group}/${version}/${plural}`))
const migrations = 'storagemigration.k8s.io/v1beta1/storageversionmigrations'
const cronJobs = 'batch/v1beta1/cronjobs'

it('serves the table when nothing is said', () => {
  expect(servedKinds([])).toEqual(kinds)
})

it.each<[string[], string, boolean]>([
  [['batch/v1beta1=true'], cronJobs, true],
  [['batch/v1beta1'], cronJobs, true],
  [['batch/v1beta1/cronjobs=true'], cronJobs, true],
  [['api/beta=true'], cronJobs, true],
  [['api/all=true'], cronJobs, true],
  [['api/all=true', 'api/beta=false'], cronJobs, false],
  [['api/beta=true', 'batch/v1beta1=false'], cronJobs, false],
  [['api/beta=true', 'batch/v1beta1=false', 'batch/v1beta1/cronjobs=true'], cronJobs, true],
  [['batch/v1=false'], 'batch/v1/jobs', false],
  [['api/ga=false', 'v1=true'], '/v1/pods', true],
  [['api/v1/pods=false'], '/v1/pods', false],
  [['api/alpha=true'], cronJobs, false],
  [['storagemigration.k8s.io/v1beta1=true'], migrations, true],
  [['batch/v1beta1=true'], migrations, false],
])('%j', (settings, name, want) => {
  expect(names(settings).has(name)).toBe(want)
})

it.each([
  [['nothing/v1=true'], '--runtime-config: unknown api groups nothing'],
  [['batch/v1/beds=true'], '--runtime-config: batch/v1 has no resource beds'],
  [['batch=true'], '--runtime-config: batch is no group and version'],
  [['batch/v1=perhaps'], '--runtime-config: invalid value of batch/v1: perhaps'],
])('refuses %j', (settings, want) => {
  expect(() => servedKinds(settings)).toThrow(want)
})

import { expect, it } from 'vitest'
import { VolumeError, VolumeProcessError, VolumeWait, type VolumeFailure } from '../volumes/errors.ts'
import { volumeRetry } from './volume-retry.ts'

const failed = { volume: 'f', error: new VolumeError('MountVolume.SetUp', 'f', 'no such disk') }
const unknown = { volume: 'u', error: new VolumeProcessError('PVC is not bound') }
const waits = { volume: 'w', error: new VolumeWait({ driver: 'd', handle: 'w' }) }

it.each<[string, VolumeFailure[], number, number, number]>([
  ['the first failure', [failed], 0, 500, 1],
  ['the fourth', [failed], 3, 4000, 4],
  ['the ninth', [failed], 8, 122_000, 9],
  ['the hundredth', [failed], 99, 122_000, 100],
  ['a claim that is not bound', [unknown], 0, 500, 1],
  ['one that is not bound for long', [unknown], 99, 10_000, 100],
  ['a volume that waits to be attached', [waits], 0, 500, 0],
  ['one that waits for long', [waits], 5, 500, 5],
  ['a claim while another volume waits', [waits, unknown], 5, 10_000, 6],
  ['a failure while others wait', [waits, unknown, failed], 6, 32_000, 7],
])('after %s', (_, failures, before, waitMs, after) => {
  expect(volumeRetry(failures, before)).toEqual({ waitMs, failures: after })
})

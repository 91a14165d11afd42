import { describe, expect, it } from 'vitest'
import {
  VolumeError,
  VolumeProcessError,
  VolumesError,
  VolumeWait,
  volumeEvents,
  type VolumeFailure,
} from './errors.ts'

const failed = (volume: string): VolumeFailure => ({
  volume,
  error: new VolumeError('MountVolume.SetUp', volume, 'no such disk'),
})
const unmapped = { volume: 'raw', error: new VolumeError('MapVolume.SetUpDevice', 'pv', 'no such device') }
const unknown = (volume: string, why: string): VolumeFailure => ({ volume, error: new VolumeProcessError(why) })
const waits = (volume: string): VolumeFailure => ({ volume, error: new VolumeWait({ driver: 'd', handle: volume }) })
const unable = 'Unable to attach or mount volumes: '

describe('volumeEvents', () => {
  it.each<[string, VolumeFailure[], { reason: string; message: string }[]]>([
    ['nothing', [], []],
    ['a volume that waits to be attached: who attaches it tells', [waits('a')], []],
    [
      'each that something went wrong with',
      [failed('b'), failed('a'), unmapped],
      [
        { reason: 'FailedMount', message: 'MountVolume.SetUp failed for volume "b" : no such disk' },
        { reason: 'FailedMount', message: 'MountVolume.SetUp failed for volume "a" : no such disk' },
        { reason: 'FailedMapVolume', message: 'MapVolume.SetUpDevice failed for volume "pv" : no such device' },
      ],
    ],
    [
      'those that are not known, sorted, what they have in common once, and of the others what they wait for',
      [unknown('z', 'second'), waits('w'), unknown('y', 'first'), unknown('x', 'second')],
      [
        {
          reason: 'FailedMount',
          message: `${unable}unmounted volumes=[w x y z], unattached volumes=[w], failed to process volumes=[x y z]: first; second`,
        },
      ],
    ],
    [
      'both',
      [unknown('z', 'why'), failed('b')],
      [
        { reason: 'FailedMount', message: 'MountVolume.SetUp failed for volume "b" : no such disk' },
        {
          reason: 'FailedMount',
          message: `${unable}unmounted volumes=[b z], unattached volumes=[], failed to process volumes=[z]: why`,
        },
      ],
    ],
  ])('tells of %s', (_, failures, events) => {
    expect(volumeEvents(failures)).toEqual(events)
  })

  it('are what the error says, if there is one', () => {
    expect(new VolumesError([unknown('z', 'why'), failed('b')]).message).toMatch(/^MountVolume.SetUp failed/)
    const waiting = 'unmounted volumes=[a], unattached volumes=[a], failed to process volumes=[]'
    expect(new VolumesError([waits('a')]).message).toBe(waiting)
  })
})

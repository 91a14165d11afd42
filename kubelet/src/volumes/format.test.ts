import { describe, expect, it } from 'vitest'
import { checkFailure, formatOf, preparation, type Preparation } from './format.ts'

const disk = '/dev/x'

describe('a disk', () => {
  it.each<[string, string, boolean, Preparation]>([
    ['', 'ext4', false, { kind: 'format', command: 'mkfs.ext4', args: ['-F', '-m0', disk] }],
    ['', 'ext3', false, { kind: 'format', command: 'mkfs.ext3', args: ['-F', '-m0', disk] }],
    ['', 'xfs', false, { kind: 'format', command: 'mkfs.xfs', args: ['-f', disk] }],
    ['', 'btrfs', false, { kind: 'format', command: 'mkfs.btrfs', args: [disk] }],
    ['ext4', 'ext4', false, { kind: 'check' }],
    ['xfs', 'ext4', false, { kind: 'check' }],
    ['ext4', 'ext4', true, { kind: 'none' }],
    ['unknown data, probably partitions', 'ext4', false, { kind: 'check' }],
  ])('with %j on it, to be %s (read-only: %s), needs %j', (found, fsType, readonly, needs) => {
    expect(preparation(disk, found, fsType, readonly)).toEqual(needs)
  })

  it('that is empty is nothing to be read', () => {
    expect(() => preparation(disk, '', 'ext4', true)).toThrow(
      'cannot mount unformatted disk /dev/x as we are manipulating it in read-only mode',
    )
  })

  it.each([
    ['DEVNAME=/dev/x\nTYPE=ext4\n', 'ext4'],
    ['DEVNAME=/dev/x\nPTTYPE=dos\n', 'unknown data, probably partitions'],
    ['TYPE=ext4\nPTTYPE=gpt\n', 'unknown data, probably partitions'],
    ['', ''],
  ])('of which blkid says %j has %j on it', (output, found) => {
    expect(formatOf(output)).toBe(found)
  })

  it.each([
    [1, undefined],
    [4, "'fsck' found errors on device /dev/x but could not correct them: said"],
    [8, undefined],
    ['ENOENT', undefined],
  ])('with which fsck ended by %s', (status, why) => {
    expect(checkFailure(disk, status, 'said')).toBe(why)
  })
})

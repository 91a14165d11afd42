import { describe, expect, it } from 'vitest'
import { imageMounts, type GraphDriver } from './image-mount.ts'

describe('imageMounts', () => {
  it.each<[string, GraphDriver, string[]]>([
    ['one layer', { Name: 'overlay2', Data: { UpperDir: '/u' } }, ['--bind /u /p', '-o remount,bind,ro,noexec /p']],
    [
      'several layers, the last first',
      { Name: 'overlay2', Data: { UpperDir: '/u', LowerDir: '/l2:/l1' } },
      ['-t overlay -o ro,noexec,lowerdir=/u:/l2:/l1 overlay /p'],
    ],
  ])('%s', (_, driver, mounts) => {
    expect(imageMounts(driver, '/p').map((args) => args.join(' '))).toEqual(mounts)
  })

  it.each([
    { Name: 'btrfs', Data: {} },
    { Name: 'overlayfs', Data: null },
  ])('refuses what it cannot mount: $Name', (driver) => {
    expect(() => imageMounts(driver, '/p')).toThrow(
      `image volumes need Docker's storage driver overlay2: it has ${driver.Name}`,
    )
  })
})

import { describe, expect, it } from 'vitest'
import { compareVersions, highestVersion } from './versions.ts'

describe('highestVersion', () => {
  it.each([
    [['1.0.0'], '1.0.0'],
    [['v1.0.1', '1.2', '1.1.9'], '1.2'],
    [['0.3.0', '1.0.0-rc1', '2.0.0'], '1.0.0'],
    [['nothing', '1.3.0'], '1.3.0'],
  ])('of %j is %s', (versions, highest) => expect(highestVersion(versions)).toBe(highest))

  it.each([
    [['0.3.0'], 'highest supported version reported by driver is 0.3.0, must be v1.x'],
    [['2.0.0'], 'could not find a highest supported version from versions ([2.0.0]) reported by this driver: <nil>'],
    [
      ['x', '1'],
      'could not find a highest supported version from versions ([x 1]) reported by this driver: could not parse "x" as version',
    ],
  ])('refuses %j', (versions, message) => expect(() => highestVersion(versions)).toThrow(message))
})

describe('compareVersions', () => {
  it.each([
    ['1.0.0', '1.0', 0],
    ['1.0', '1.0.1', -1],
    ['1.10', '1.9.5', 1],
  ])('%s and %s', (a, b, expected) => expect(Math.sign(compareVersions(a, b))).toBe(expected))
})

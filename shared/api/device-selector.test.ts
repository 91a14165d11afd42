import { describe, expect, it } from 'vitest'
import { compileSelector, deviceValue, selects, type SelectableDevice } from './device-selector.ts'

const device: SelectableDevice = {
  attributes: {
    model: { string: 'a100' },
    'dra.example.com/index': { int: 3 },
    'other.example.com/healthy': { bool: true },
    version: { version: '1.10.0' },
    lanes: { ints: [1, 2] },
    firmwares: { versions: ['1.0.0', '2.0.0'] },
  },
  capacity: { memory: { value: '10Gi' } },
}

/** What the selector makes of the device: true, false, or what is wrong. */
function outcome(expression: string, one: SelectableDevice = device): boolean | string {
  const compiled = compileSelector(expression)
  if ('problem' in compiled) return compiled.problem
  try {
    return selects(compiled.program, deviceValue('dra.example.com', one))
  } catch (error) {
    return (error as Error).message
  }
}

// dynamic-resource-allocation/cel/compile_test.go testcases
describe('a selector of devices', () => {
  it.each<[string, string, boolean | string]>([
    ['by driver', 'device.driver == "dra.example.com"', true],
    ['by another driver', 'device.driver == "x"', false],
    ['a string, of the driver where no domain is said', 'device.attributes["dra.example.com"].model == "a100"', true],
    ['an int', 'device.attributes["dra.example.com"].index > 2', true],
    ['a bool of another domain', 'device.attributes["other.example.com"].healthy', true],
    ['a version', 'device.attributes["dra.example.com"].version.isGreaterThan(semver("1.9.0"))', true],
    ['a list', '2 in device.attributes["dra.example.com"].lanes', true],
    ['a list of versions', 'device.attributes["dra.example.com"].firmwares.exists(v, v.major() == 2)', true],
    ['a quantity', 'device.capacity["dra.example.com"].memory.compareTo(quantity("8Gi")) >= 0', true],
    ['a capacity by is', 'device.capacity["dra.example.com"].memory.isLessThan(quantity("8Gi"))', false],
    ['a domain that is not there is empty', 'has(device.attributes["nobody"].model)', false],
    ['and not among them', '"nobody" in device.attributes', false],
    ['while one that is there is', '"dra.example.com" in device.attributes', true],
    ['a name that is not there', 'device.attributes["dra.example.com"].missing == 1', 'no such key: missing'],
    ['whether many may have it', 'device.allowMultipleAllocations', false],
    ['a domain with a name', 'cel.bind(dra, device.attributes["dra.example.com"], dra.index == 3)', true],
    [
      'a binding without a name',
      'cel.bind(1, 2, true)',
      expect.stringContaining('must be simple identifiers') as string,
    ],
    ['what is no bool', 'device.driver', 'must evaluate to bool or the unknown type, not string'],
    [
      'what is known when it runs',
      'device.attributes["dra.example.com"].model',
      'CEL result could not be converted to bool',
    ],
    ['what is not there', 'device.colour == 1', expect.stringContaining("undefined field 'colour'") as string],
  ])('%s', (_name, expression, want) => expect(outcome(expression)).toEqual(want))

  it('sees that many may have it', () =>
    expect(outcome('device.allowMultipleAllocations', { allowMultipleAllocations: true })).toBe(true))

  it('says of an attribute of a type to come that it cannot look at it', () =>
    expect(outcome('true', { attributes: { later: {} } })).toBe('attribute later: unsupported attribute value'))
})

import { compileSelector, deviceValue, selects } from '@kubets/shared/api/device-selector.ts'
import type { Device } from '@kubets/shared/api/types/resource-v1.ts'
import type { Program } from '@kubets/shared/machinery/cel/environment.ts'
import type { Value } from '@kubets/shared/machinery/cel/values.ts'
import type { Candidate } from './pools.ts'

/** A selector that cannot be compiled. */
export class CompileError extends Error {}

const maxPrograms = 100
const programs = new Map<string, Program>()
/** Objects from the API do not change: what selectors see of a device is made once. */
const values = new WeakMap<Device, Value>()

/**
 * Whether the expression takes the device. The last expressions stay compiled.
 * @throws CompileError, or another Error where it fails on this device
 */
// dynamic-resource-allocation/cel/cache.go GetOrCompile
export function selectorTakes(expression: string, { device, slice }: Candidate): boolean {
  const program = programs.get(expression) ?? compiled(expression)
  let value = values.get(device)
  if (value === undefined) values.set(device, (value = deviceValue(slice.spec.driver, device)))
  return selects(program, value)
}

function compiled(expression: string): Program {
  const result = compileSelector(expression)
  if ('problem' in result) throw new CompileError(result.problem)
  if (programs.size >= maxPrograms) programs.clear()
  programs.set(expression, result.program)
  return result.program
}

import { forbidden, invalid, required, tooLong, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import { compileSelector } from '../../device-selector.ts'
import type { DeviceSelector } from '../../types/resource-v1.ts'

const maxLength = 10 * 1024
const maxCost = 1_000_000

/** Adds what is wrong with a selector of devices. */
// pkg/apis/resource/validation/validation.go validateSelector
export function checkSelector({ cel }: DeviceSelector, path: FieldPath, errors: FieldError[]): void {
  if (!cel) {
    errors.push(required(path.child('cel')))
    return
  }
  const { expression = '' } = cel
  const at = path.child('cel', 'expression')
  if (expression.length > maxLength) {
    errors.push(tooLong(at, '', maxLength))
    return
  }
  const problem = problemOf(expression)
  if (problem) errors.push(problem === tooComplex ? forbidden(at, problem) : invalid(at, expression, problem))
}

const tooComplex = 'too complex, exceeds cost limit'

function problemOf(expression: string): string | undefined {
  const compiled = compileSelector(expression)
  if ('problem' in compiled) return compiled.problem
  return compiled.program.estimate().max > maxCost ? tooComplex : undefined
}

import { baseEnvironment, compile, extend } from '../../../machinery/cel/environment.ts'
import type { Decl } from '../../../machinery/cel/decl.ts'
import {
  boolType,
  type CelType,
  dynType,
  formatType,
  mapType,
  objectType,
  opaqueType,
  sameType,
  stringType,
  typeName,
} from '../../../machinery/cel/types.ts'
import { forbidden, invalid, required, tooLong, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import type { DeviceSelector } from '../../types/resource-v1.ts'

const maxLength = 10 * 1024
const maxCost = 1_000_000
const maxAttributes = 32

const text = (maxElements: number): Decl => ({ type: stringType, maxElements, minSize: 2 })
const ofDomains = (element: Decl): Decl => {
  const names: Decl = { type: mapType(stringType, element.type), maxElements: maxAttributes, minSize: 2, element }
  return { type: mapType(stringType, names.type), maxElements: maxAttributes, minSize: 2, element: names }
}
const fields: Readonly<Record<string, Decl>> = {
  driver: text(63),
  // values are of the type that each attribute has
  attributes: ofDomains({ type: dynType, maxElements: 64, minSize: 1 }),
  capacity: ofDomains({ type: opaqueType('kubernetes.Quantity'), maxElements: 0, minSize: 1 }),
  allowMultipleAllocations: { type: boolType, maxElements: 0, minSize: 4 },
}

// dynamic-resource-allocation/cel/compile.go mustBuildEnv
const environment = extend(baseEnvironment, {
  variables: {
    device: {
      type: objectType('kubernetes.DRADevice'),
      maxElements: 0,
      minSize: 2,
      fields: new Map(Object.entries(fields).map(([name, decl]) => [name, { name, decl }])),
    },
  },
})

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

// dynamic-resource-allocation/cel/compile.go CompileCELExpression
function problemOf(expression: string): string | undefined {
  const compiled = compile(expression, environment)
  if ('issues' in compiled) return `compilation failed: ${compiled.issues}`
  const { type } = compiled.program
  if (!sameType(type, boolType) && type.kind !== 'dyn')
    return `must evaluate to bool or the unknown type, not ${shown(type)}`
  return compiled.program.estimate().max > maxCost ? tooComplex : undefined
}

const shown = (type: CelType): string =>
  type.kind === 'list' || type.kind === 'map' ? formatType(type) : typeName(type)

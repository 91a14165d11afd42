import { deepEqual } from '../../../../machinery/deep.ts'
import {
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import type {
  ExemptPriorityLevelConfiguration,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '../../../types/flowcontrol-v1.ts'
import { mandatoryPriorityLevels } from '../bootstrap.ts'
import { validateConditions } from '../conditions.ts'

const specPath = new FieldPath('spec')

// pkg/apis/flowcontrol/validation/validation.go ValidatePriorityLevelConfiguration
export function validate({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  const { name = '' } = metadata
  const errors: FieldError[] = []
  if ((name === 'exempt') !== (spec.type === 'Exempt')) {
    const text = "type must be 'Exempt' if and only if name is 'exempt'"
    errors.push(invalid(specPath.child('type'), spec.type, text))
  }
  if (spec.type === 'Exempt') {
    if (spec.limited !== undefined) {
      errors.push(forbidden(specPath.child('limited'), 'must be nil if the type is not Limited'))
    }
    if (spec.exempt !== undefined) checkExempt(spec.exempt, specPath.child('exempt'), errors)
  } else if (spec.type === 'Limited') {
    if (spec.exempt !== undefined) {
      errors.push(forbidden(specPath.child('exempt'), 'must be nil if the type is Limited'))
    }
    if (spec.limited === undefined) {
      errors.push(required(specPath.child('limited'), 'must not be empty when type is Limited'))
    } else {
      checkLimited(spec.limited, specPath.child('limited'), errors)
    }
  } else {
    errors.push(notSupported(specPath.child('type'), spec.type, ['Exempt', 'Limited']))
  }
  return errors.concat(checkMandatory(name, spec))
}

function checkMandatory(name: string, spec: PriorityLevelConfiguration['spec']): FieldError[] {
  const fixed = mandatoryPriorityLevels.find(({ metadata }) => metadata.name === name)?.spec
  if (fixed === undefined) return []
  if (name !== 'exempt') {
    return deepEqual(spec, fixed) ? [] : [invalid(specPath, spec, `spec of '${name}' must equal the fixed value`)]
  }
  const { exempt: _, ...have } = spec
  const { exempt: __, ...want } = fixed
  if (deepEqual(have, want)) return []
  return [invalid(specPath, have, "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value")]
}

const isPercent = (value: number): boolean => value >= 0 && value <= 100
const percentText = 'must be between 0 and 100, inclusive'

function checkExempt(exempt: ExemptPriorityLevelConfiguration, path: FieldPath, errors: FieldError[]): void {
  const { nominalConcurrencyShares: shares = 0, lendablePercent = 0 } = exempt
  if (shares < 0) {
    errors.push(invalid(path.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer'))
  }
  if (!isPercent(lendablePercent)) errors.push(invalid(path.child('lendablePercent'), lendablePercent, percentText))
}

function checkLimited(limited: LimitedPriorityLevelConfiguration, path: FieldPath, errors: FieldError[]): void {
  const { nominalConcurrencyShares: shares, lendablePercent = 0, borrowingLimitPercent = 0 } = limited
  if (shares < 0) {
    errors.push(invalid(path.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer'))
  }
  checkResponse(limited.limitResponse, path.child('limitResponse'), errors)
  if (!isPercent(lendablePercent)) errors.push(invalid(path.child('lendablePercent'), lendablePercent, percentText))
  if (borrowingLimitPercent < 0) {
    const text = 'if specified, must be a non-negative integer'
    errors.push(invalid(path.child('borrowingLimitPercent'), borrowingLimitPercent, text))
  }
}

function checkResponse(response: LimitResponse | undefined, path: FieldPath, errors: FieldError[]): void {
  const { type = '', queuing } = response ?? {}
  if (type === 'Reject') {
    if (queuing !== undefined) {
      errors.push(forbidden(path.child('queuing'), 'must be nil if limited.limitResponse.type is not Limited'))
    }
  } else if (type === 'Queue') {
    if (queuing === undefined) {
      errors.push(required(path.child('queuing'), 'must not be empty if limited.limitResponse.type is Limited'))
    } else {
      checkQueuing(queuing, path.child('queuing'), errors)
    }
  } else {
    errors.push(notSupported(path.child('type'), type, ['Queue', 'Reject']))
  }
}

const maxQueues = 10_000_000
/** The bits of a flow's hash that may be used up by choosing queues. */
const maxHashBits = 60

function checkQueuing(
  { queues, handSize, queueLengthLimit }: QueuingConfiguration,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (queueLengthLimit <= 0) errors.push(invalid(path.child('queueLengthLimit'), queueLengthLimit, 'must be positive'))
  if (queues <= 0) {
    errors.push(invalid(path.child('queues'), queues, 'must be positive'))
  } else if (queues > maxQueues) {
    errors.push(invalid(path.child('queues'), queues, `must not be greater than ${maxQueues}`))
  }
  // staging/src/k8s.io/apiserver/pkg/util/shufflesharding/shufflesharding.go RequiredEntropyBits
  const bits = Math.ceil(Math.log2(queues) * handSize)
  const at = path.child('handSize')
  if (handSize <= 0) {
    errors.push(invalid(at, handSize, 'must be positive'))
  } else if (handSize > queues) {
    errors.push(invalid(at, handSize, `should not be greater than queues (${queues})`))
  } else if (bits > maxHashBits) {
    const text = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxHashBits}`
    errors.push(invalid(at, handSize, text))
  }
}

export const validateStatusUpdate = ({ status }: PriorityLevelConfiguration): FieldError[] =>
  validateConditions(status?.conditions)

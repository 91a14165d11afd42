import { duplicate, FieldPath, forbidden, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import type { LimitRange, LimitRangeItem } from '../../../types/core-v1.ts'
import { checkText } from '../../checks.ts'
import { checkComputeName } from '../../pod-spec/resources.ts'
import { checkQuantity, mayOvercommit, quantityOr } from '../../quantities.ts'

const types = ['Container', 'PersistentVolumeClaim', 'Pod']
const lists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const

// pkg/apis/core/validation/validation.go ValidateLimitRange
export function validate({ spec }: LimitRange): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, item] of (spec?.limits ?? []).entries()) {
    const at = new FieldPath('spec', 'limits').index(i)
    checkType(item.type, at.child('type'), errors)
    if (seen.has(item.type)) errors.push(duplicate(at.child('type'), item.type))
    seen.add(item.type)
    for (const list of lists)
      for (const [name, amount] of Object.entries(item[list] ?? {})) {
        checkAmountName(item.type, name, at.child(list).key(name), errors)
        checkQuantity(name, amount, at.child(list).key(name), errors)
      }
    for (const field of ['default', 'defaultRequest'] as const)
      if (item.type === 'Pod' && Object.keys(item[field] ?? {}).length > 0)
        errors.push(forbidden(at.child(field), "may not be specified when `type` is 'Pod'"))
    if (item.type === 'PersistentVolumeClaim' && !item.min?.['storage'] && !item.max?.['storage'])
      errors.push(required(at, 'either minimum or maximum storage value is required, but neither was provided'))
    checkAmounts(item, at, errors)
  }
  return errors
}

// pkg/apis/core/validation/validation.go validateLimitRangeTypeName
function checkType(type: string, at: FieldPath, errors: FieldError[]): void {
  const before = errors.length
  checkText(type ?? '', isQualifiedName, at, errors)
  if (errors.length === before && !type.includes('/') && !types.includes(type))
    errors.push(invalid(at, type, 'must be a standard limit type or fully qualified'))
}

// pkg/apis/core/validation/validation.go validateLimitRangeResourceName
function checkAmountName(type: string, name: string, at: FieldPath, errors: FieldError[]): void {
  if (type === 'Pod' || type === 'Container') checkComputeName(name, at, errors)
  else checkText(name, isQualifiedName, at, errors)
}

// which list may not be above which, and what the text calls them
const orders = [
  ['min', 'max', 'min', 'min value', 'max value'],
  ['min', 'defaultRequest', 'defaultRequest', 'min value', 'default request value'],
  ['defaultRequest', 'max', 'defaultRequest', 'default request value', 'max value'],
  ['defaultRequest', 'default', 'defaultRequest', 'default request value', 'default limit value'],
  ['min', 'default', 'default', 'min value', 'default value'],
  ['default', 'max', 'default', 'default value', 'max value'],
] as const

function checkAmounts(item: LimitRangeItem, path: FieldPath, errors: FieldError[]): void {
  const names = new Set(lists.flatMap((list) => Object.keys(item[list] ?? {})))
  for (const name of names) {
    for (const [low, high, where, lowText, highText] of orders) {
      const a = quantityOr(item[low]?.[name])
      const b = quantityOr(item[high]?.[name])
      if (!a || !b || a.cmp(b) <= 0) continue
      const at = path.child(where).key(name)
      errors.push(invalid(at, item[where]?.[name], `${lowText} ${a} is greater than ${highText} ${b}`))
    }
    checkRatio(item, name, path.child('maxLimitRequestRatio').key(name), errors)
    // what may not be given out twice has one number, as request and as limit
    if (mayOvercommit(name)) continue
    const limit = quantityOr(item.default?.[name])
    const request = quantityOr(item.defaultRequest?.[name])
    if (limit && request && limit.cmp(request) !== 0) {
      const detail = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`
      errors.push(invalid(path.child('defaultRequest').key(name), item.defaultRequest?.[name], detail))
    }
  }
}

function checkRatio(item: LimitRangeItem, name: string, at: FieldPath, errors: FieldError[]): void {
  const text = item.maxLimitRequestRatio?.[name]
  const ratio = quantityOr(text)
  if (!ratio) return
  if (ratio.milliValue() < 1000) errors.push(invalid(at, text, `ratio ${ratio} is less than 1`))
  const max = quantityOr(item.max?.[name])
  const min = quantityOr(item.min?.[name])
  if (!max || !min || min.isZero) return
  const most = max.milliValue() / min.milliValue()
  if (ratio.milliValue() / 1000 > most)
    errors.push(invalid(at, text, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`))
}

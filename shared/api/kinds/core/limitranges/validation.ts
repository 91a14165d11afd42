import { duplicate, FieldPath, forbidden, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import type { LimitRange, LimitRangeItem } from '../../../types/core-v1.ts'
import { checkText } from '../../checks.ts'
import { checkQuantity, quantityOr } from '../../quantities.ts'

const types = ['Container', 'PersistentVolumeClaim', 'Pod']
const lists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const

// pkg/apis/core/validation/validation.go ValidateLimitRange
export function validate({ spec }: LimitRange): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, item] of (spec?.limits ?? []).entries()) {
    const at = new FieldPath('spec', 'limits').index(i)
    checkText(item.type, isQualifiedName, at.child('type'), errors)
    if (item.type && !item.type.includes('/') && !types.includes(item.type))
      errors.push(invalid(at.child('type'), item.type, 'must be a standard limit type or fully qualified'))
    if (seen.has(item.type)) errors.push(duplicate(at.child('type'), item.type))
    seen.add(item.type)
    checkAmounts(item, at, errors)
    for (const field of ['default', 'defaultRequest'] as const)
      if (item.type === 'Pod' && Object.keys(item[field] ?? {}).length > 0)
        errors.push(forbidden(at.child(field), "may not be specified when `type` is 'Pod'"))
  }
  return errors
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
  const names = new Set<string>()
  for (const list of lists)
    for (const name in item[list]) {
      names.add(name)
      checkText(name, isQualifiedName, path.child(list).key(name), errors)
      checkQuantity(name, item[list]?.[name] ?? '', path.child(list).key(name), errors)
    }
  for (const name of names)
    for (const [low, high, where, lowText, highText] of orders) {
      const a = quantityOr(item[low]?.[name])
      const b = quantityOr(item[high]?.[name])
      if (!a || !b || a.cmp(b) <= 0) continue
      const at = path.child(where).key(name)
      errors.push(invalid(at, item[where]?.[name], `${lowText} ${a} is greater than ${highText} ${b}`))
    }
}

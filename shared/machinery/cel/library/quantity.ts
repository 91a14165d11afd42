import { parseQuantity, type Quantity, quantityOf } from '../../quantity.ts'
import { EvalError } from '../errors.ts'
import { type Overload, overload } from '../functions.ts'
import { type CelType, opaqueType } from '../types.ts'
import { OpaqueValue } from '../values.ts'

/** A resource.Quantity in an expression. */
export class QuantityValue extends OpaqueValue {
  override readonly type: CelType = opaqueType('kubernetes.Quantity')
  readonly quantity: Quantity
  constructor(quantity: Quantity) {
    super()
    this.quantity = quantity
  }
  override equals(other: OpaqueValue): boolean {
    return other instanceof QuantityValue && this.quantity.cmp(other.quantity) === 0
  }
}

function parse(text: string): Quantity | undefined {
  try {
    return text.length > 1000 ? undefined : parseQuantity(text)
  } catch {
    return undefined
  }
}

function quantity(text: string): QuantityValue {
  try {
    return new QuantityValue(parseQuantity(text.slice(0, 1000)))
  } catch (error) {
    throw new EvalError(error instanceof Error ? error.message : String(error))
  }
}

const maxInt64 = (1n << 63n) - 1n

/** The whole number it is; undefined when it is none that an int holds. */
function wholeOf(value: Quantity): bigint | undefined {
  const number = value.asNumber()
  if (!Number.isFinite(number)) return undefined
  const whole = exact(value)
  return whole === undefined || whole > maxInt64 || whole < -maxInt64 - 1n ? undefined : whole
}

function exact(value: Quantity): bigint | undefined {
  const text = value.toString()
  const match = /^(-?\d+)(k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|e\d+)?$/.exec(text)
  if (match === null) return undefined
  const [, digits = '0', suffix = ''] = match
  const power = 'kMGTPE'.indexOf(suffix[0] ?? 'x') + 1
  if (suffix.startsWith('e')) return BigInt(digits) * 10n ** BigInt(suffix.slice(1))
  return BigInt(digits) * (suffix.endsWith('i') ? 1024n : 1000n) ** BigInt(power)
}

const type = 'kubernetes.Quantity'
const relation = (name: string, id: string, holds: (order: number) => boolean): Overload =>
  overload(name, id, `${type}.(${type}) bool`, (args) =>
    holds(args.get<QuantityValue>(0).quantity.cmp(args.get<QuantityValue>(1).quantity)),
  )

/** apiserver/pkg/cel/library/quantity.go. */
export const quantityLibrary: readonly Overload[] = [
  overload('quantity', 'string_to_quantity', `(string) ${type}`, (args) => quantity(args.get<string>(0))),
  overload('isQuantity', 'is_quantity_string', '(string) bool', (args) => parse(args.get<string>(0)) !== undefined),
  overload('sign', 'quantity_sign', `${type}.() int`, (args) => BigInt(args.get<QuantityValue>(0).quantity.sign)),
  relation('isGreaterThan', 'quantity_is_greater_than', (order) => order > 0),
  relation('isLessThan', 'quantity_is_less_than', (order) => order < 0),
  overload('compareTo', 'quantity_compare_to', `${type}.(${type}) int`, (args) =>
    BigInt(args.get<QuantityValue>(0).quantity.cmp(args.get<QuantityValue>(1).quantity)),
  ),
  overload('asApproximateFloat', 'quantity_get_float', `${type}.() double`, (args) =>
    args.get<QuantityValue>(0).quantity.asNumber(),
  ),
  overload('asInteger', 'quantity_get_int', `${type}.() int`, (args) => {
    const whole = wholeOf(args.get<QuantityValue>(0).quantity)
    if (whole === undefined) throw new EvalError('cannot convert value to integer')
    return whole
  }),
  overload('isInteger', 'quantity_is_integer', `${type}.() bool`, (args) => {
    return wholeOf(args.get<QuantityValue>(0).quantity) !== undefined
  }),
  ...(['add', 'sub'] as const).flatMap((name) => [
    overload(name, `quantity_${name}`, `${type}.(${type}) ${type}`, (args) => {
      return new QuantityValue(args.get<QuantityValue>(0).quantity[name](args.get<QuantityValue>(1).quantity))
    }),
    overload(name, `quantity_${name}_int`, `${type}.(int) ${type}`, (args) => {
      const other = quantityOf(Number(args.get<bigint>(1)))
      return new QuantityValue(args.get<QuantityValue>(0).quantity[name](other))
    }),
  ]),
]

import { parseQuantity, quantityOf, type Quantity } from '../../machinery/quantity.ts'

/** How much of each named resource; a plain list of the API with its quantities read. */
export type Amounts = ReadonlyMap<string, Quantity>

export const zero: Quantity = quantityOf(0)
export const one: Quantity = quantityOf(1)

/** Reads a list of stored quantities. */
export const amountsOf = (list: Record<string, string> | undefined): Amounts =>
  new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]))

/** The list as the API shows it. */
export const listOf = (amounts: Amounts): Record<string, string> =>
  Object.fromEntries([...amounts].map(([name, quantity]) => [name, quantity.toString()]))

// staging/src/k8s.io/apiserver/pkg/quota/v1/resources.go Add
export const add = (a: Amounts, b: Amounts): Amounts => {
  const sum = new Map(a)
  for (const [name, quantity] of b) sum.set(name, sum.get(name)?.add(quantity) ?? quantity)
  return sum
}

/** a - b, but never less than nothing. */
// quota/v1/resources.go SubtractWithNonNegativeResult
export const subtract = (a: Amounts, b: Amounts): Amounts => {
  const rest = new Map<string, Quantity>()
  for (const [name, quantity] of a) {
    const less = b.get(name)
    const left = less ? quantity.sub(less) : quantity
    rest.set(name, left.sign > 0 ? left : zero)
  }
  for (const name of b.keys()) if (!rest.has(name)) rest.set(name, zero)
  return rest
}

/** Only what is named. */
// quota/v1/resources.go Mask
export const mask = (amounts: Amounts, names: Iterable<string>): Amounts => {
  const wanted = new Set(names)
  return new Map([...amounts].filter(([name]) => wanted.has(name)))
}

// quota/v1/resources.go RemoveZeros
export const withoutZeros = (amounts: Amounts): Amounts =>
  new Map([...amounts].filter(([, quantity]) => !quantity.isZero))

/** The same names with the same quantities, however they are written. */
// quota/v1/resources.go Equals
export const equal = (a: Amounts, b: Amounts): boolean =>
  a.size === b.size && [...a].every(([name, quantity]) => b.get(name)?.cmp(quantity) === 0)

/** The names of which there is more than `most` allows. */
// quota/v1/resources.go LessThanOrEqual
export const exceeding = (amounts: Amounts, most: Amounts): string[] =>
  [...most].filter(([name, quantity]) => (amounts.get(name)?.cmp(quantity) ?? 0) > 0).map(([name]) => name)

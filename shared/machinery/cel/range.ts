/** From least to most: of a cost, or of a size. */
export interface Range {
  readonly min: number
  readonly max: number
}

/** Where cel-go's 64 bits end: more is not told apart. */
const limit = 2 ** 64

export const capped = (value: number): number => Math.min(value, limit)
export const fixed = (value: number): Range => ({ min: value, max: value })
export const unknown: Range = { min: 0, max: limit }

export const add = (a: Range, b: Range): Range => ({ min: capped(a.min + b.min), max: capped(a.max + b.max) })
export const multiply = (a: Range, b: Range): Range => ({ min: capped(a.min * b.min), max: capped(a.max * b.max) })
export const union = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) })
/** A cost for each unit, rounded up. */
export const scale = ({ min, max }: Range, factor: number): Range => ({
  min: capped(Math.ceil(min * factor)),
  max: capped(Math.ceil(max * factor)),
})

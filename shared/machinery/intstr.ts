/**
 * The number an IntOrString stands for: itself, or for "25%" that share of `total`, rounded as told.
 * Throws on any other string.
 */
// apimachinery/pkg/util/intstr/intstr.go GetScaledValueFromIntOrPercent
export function scaledValue(value: number | string, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value
  const percent = /^(-?\d+)%$/.exec(value)
  if (percent === null) throw new Error('invalid value for IntOrString: invalid type: string is not a percentage')
  const exact = (Number(percent[1]) * total) / 100
  return roundUp ? Math.ceil(exact) : Math.floor(exact)
}

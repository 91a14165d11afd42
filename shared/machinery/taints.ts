interface Taint {
  key: string
  value?: string
  effect: string
}

interface Toleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
  tolerationSeconds?: number
}

/** Does this one toleration accept the taint? An empty key or effect stands for all of them. */
// component-helpers scheduling/corev1 and api/core/v1/toleration.go ToleratesTaint
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  switch (toleration.operator || 'Equal') {
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '')
    case 'Exists':
      return true
    case 'Lt':
      return compareIntegers(taint.value, toleration.value, (a, b) => a < b)
    case 'Gt':
      return compareIntegers(taint.value, toleration.value, (a, b) => a > b)
    default:
      return false
  }
}

function compareIntegers(
  taint: string | undefined,
  toleration: string | undefined,
  holds: (a: bigint, b: bigint) => boolean,
): boolean {
  const integer = /^(0|-?[1-9]\d*)$/
  if (!integer.test(taint ?? '') || !integer.test(toleration ?? '')) return false
  return holds(BigInt(taint ?? 0), BigInt(toleration ?? 0))
}

/** The first taint with one of the effects that no toleration accepts. */
// component-helpers/scheduling/corev1/helpers.go FindMatchingUntoleratedTaint
export function untoleratedTaint<T extends Taint>(
  taints: readonly T[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): T | undefined {
  return taints?.find(
    (taint) =>
      effects.includes(taint.effect) && !(tolerations ?? []).some((toleration) => tolerates(toleration, taint)),
  )
}

import type { LabelSelector } from '@kubets/shared/machinery/meta-v1.gen.ts'

/** A selector as Go prints one: some texts, and the names of metrics, hold it so. */
// apimachinery/pkg/apis/meta/v1/generated.pb.go LabelSelector.String
export const selectorText = (selector: LabelSelector | undefined): string => {
  if (selector === undefined) return 'nil'
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  )
  return `&LabelSelector{MatchLabels:map[string]string{${labels.map(([key, value]) => `${key}: ${value},`).join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`
}

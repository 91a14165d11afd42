import type { HorizontalPodAutoscaler, HPAScalingRules } from '../../../types/autoscaling-v2.ts'

// pkg/apis/autoscaling/v2/defaults.go SetDefaults_HorizontalPodAutoscaler
export function defaults({ spec }: HorizontalPodAutoscaler): void {
  if (!spec) return
  spec.minReplicas ??= 1
  if ((spec.metrics ?? []).length === 0)
    spec.metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ]
  if (!spec.behavior) return
  spec.behavior.scaleUp = {
    stabilizationWindowSeconds: 0,
    ...withPolicies(spec.behavior.scaleUp, [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ]),
  }
  const down = [{ type: 'Percent', value: 100, periodSeconds: 15 }]
  spec.behavior.scaleDown = withPolicies(spec.behavior.scaleDown, down)
}

function withPolicies(rules: HPAScalingRules | undefined, policies: HPAScalingRules['policies']): HPAScalingRules {
  return { selectPolicy: 'Max', ...rules, policies: rules?.policies?.length ? rules.policies : policies }
}

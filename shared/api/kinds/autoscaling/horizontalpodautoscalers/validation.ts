import { FieldPath, invalid, notSupported, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { HorizontalPodAutoscaler } from '../../../types/autoscaling-v2.ts'

const path = new FieldPath('spec')
const types = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']

// pkg/apis/autoscaling/validation/validation.go validateHorizontalPodAutoscalerSpec
export function validate({ spec }: HorizontalPodAutoscaler): FieldError[] {
  const errors: FieldError[] = []
  const { minReplicas: min, maxReplicas: max = 0, scaleTargetRef: target, metrics = [] } = spec
  const needed = metrics.some(({ type }) => type === 'Object' || type === 'External') ? 0 : 1
  if (min !== undefined && min < needed)
    errors.push(invalid(path.child('minReplicas'), min, `must be greater than or equal to ${needed}`))
  if (max < 1) errors.push(invalid(path.child('maxReplicas'), max, 'must be greater than 0'))
  if (min !== undefined && max < min)
    errors.push(invalid(path.child('maxReplicas'), max, 'must be greater than or equal to `minReplicas`'))
  for (const field of ['kind', 'name'] as const)
    if (!target?.[field]) errors.push(required(path.child('scaleTargetRef', field)))
  for (const [i, metric] of metrics.entries()) {
    const at = path.child('metrics').index(i)
    if (!metric.type) errors.push(required(at.child('type'), 'must specify a metric source type'))
    else if (!types.includes(metric.type)) errors.push(notSupported(at.child('type'), metric.type, types))
  }
  return errors
}

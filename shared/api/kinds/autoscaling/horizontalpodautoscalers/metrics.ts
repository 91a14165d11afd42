import type { FieldPath } from '../../../../machinery/fieldpath.ts'
import { forbidden, invalid, notSupported, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Label } from '../../../../machinery/names.ts'
import type {
  CrossVersionObjectReference,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
  ResourceMetricSource,
} from '../../../types/autoscaling-v2.ts'
import { checkSegment, checkText } from '../../checks.ts'
import { checkResourceName } from '../../pod-spec/resources.ts'
import { quantityOr } from '../../quantities.ts'

/** What each type of metric is called in a MetricSpec, in the order in which upstream looks at them. */
const sources = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const
type Source = (typeof sources)[keyof typeof sources]

const types = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']

/** Adds what is wrong with the thing scaled or measured. */
// pkg/apis/autoscaling/validation/validation.go ValidateCrossVersionObjectReference
export function checkReference(
  reference: Partial<CrossVersionObjectReference> | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const field of ['kind', 'name'] as const) {
    const value = reference?.[field]
    if (!value) errors.push(required(path.child(field)))
    else checkSegment(value, path.child(field), errors)
  }
}

// pkg/apis/autoscaling/validation/validation.go validateMetricSpec
export function checkMetric(metric: MetricSpec, path: FieldPath, errors: FieldError[]): void {
  if (!metric.type) errors.push(required(path.child('type'), 'must specify a metric source type'))
  const wrongType = !types.includes(metric.type)
  if (wrongType) errors.push(notSupported(path.child('type'), metric.type ?? '', types))
  const present = Object.values(sources).filter((source) => metric[source] !== undefined)
  if (present[0]) checkSource(metric, present[0], path.child(present[0]), errors)
  const wanted = sources[metric.type as keyof typeof sources] as Source | undefined
  // upstream says it twice: once for the list of types, once for what the type asks for
  if (wrongType) errors.push(notSupported(path.child('type'), metric.type ?? '', types))
  else if (wanted && metric[wanted] === undefined)
    errors.push(required(path.child(wanted), 'must populate information for the given metric source'))
  if (present.length === 1) return
  for (const other of present.filter((source) => source !== wanted).sort())
    errors.push(forbidden(path.child(other), 'must populate the given metric source only'))
}

function checkSource(metric: MetricSpec, source: Source, path: FieldPath, errors: FieldError[]): void {
  const { object, external, pods, resource, containerResource } = metric
  const at = path.child('target')
  if (source === 'object' && object) {
    checkReference(object.describedObject, path.child('describedObject'), errors)
    checkIdentifier(object.metric, path.child('metric'), errors)
    const { value, averageValue } = checkTarget(object.target, at, errors)
    if (value === undefined && averageValue === undefined)
      errors.push(required(at.child('averageValue'), 'must set either a target value or averageValue'))
  } else if (source === 'external' && external) {
    checkIdentifier(external.metric, path.child('metric'), errors)
    const { value, averageValue } = checkTarget(external.target, at, errors)
    if (value === undefined && averageValue === undefined)
      errors.push(required(at.child('averageValue'), 'must set either a target value for metric or a per-pod target'))
    if (value !== undefined && averageValue !== undefined)
      errors.push(forbidden(at.child('value'), 'may not set both a target value for metric and a per-pod target'))
  } else if (source === 'pods' && pods) {
    checkIdentifier(pods.metric, path.child('metric'), errors)
    if (checkTarget(pods.target, at, errors).averageValue === undefined)
      errors.push(required(at.child('averageValue'), 'must specify a positive target averageValue'))
  } else if (source === 'resource' && resource) {
    if (!resource.name) errors.push(required(path.child('name'), 'must specify a resource name'))
    checkShare(resource, at, errors)
  } else if (containerResource) {
    const { name, container } = containerResource
    if (!name) errors.push(required(path.child('name'), 'must specify a resource name'))
    else checkResourceName(name, path.child('name'), errors)
    if (!container) errors.push(required(path.child('container'), 'must specify a container'))
    else checkText(container, isDNS1123Label, path.child('container'), errors)
    checkShare(containerResource, at, errors)
  }
}

// pkg/apis/autoscaling/validation/validation.go validateResourceSource
function checkShare({ target }: Pick<ResourceMetricSource, 'target'>, path: FieldPath, errors: FieldError[]): void {
  const { averageUtilization, averageValue } = checkTarget(target, path, errors)
  if (averageUtilization === undefined && averageValue === undefined) {
    const detail = 'must set either a target raw value or a target utilization'
    errors.push(required(path.child('averageUtilization'), detail))
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const detail = 'may not set both a target raw value and a target utilization'
    errors.push(forbidden(path.child('averageValue'), detail))
  }
}

const targetTypes = ['Utilization', 'Value', 'AverageValue']

// pkg/apis/autoscaling/validation/validation.go validateMetricTarget
function checkTarget(given: MetricTarget | undefined, path: FieldPath, errors: FieldError[]): Partial<MetricTarget> {
  const target: Partial<MetricTarget> = given ?? {}
  if (!target.type) errors.push(required(path.child('type'), 'must specify a metric target type'))
  if (!targetTypes.includes(target.type ?? ''))
    errors.push(invalid(path.child('type'), target.type ?? '', 'must be either Utilization, Value, or AverageValue'))
  for (const field of ['value', 'averageValue'] as const) {
    const text = target[field]
    if (text !== undefined && (quantityOr(text)?.sign ?? 0) <= 0)
      errors.push(invalid(path.child(field), text, 'must be positive'))
  }
  if (target.averageUtilization !== undefined && target.averageUtilization < 1)
    errors.push(invalid(path.child('averageUtilization'), target.averageUtilization, 'must be greater than 0'))
  return target
}

function checkIdentifier(metric: MetricIdentifier | undefined, path: FieldPath, errors: FieldError[]): void {
  if (!metric?.name) errors.push(required(path.child('name'), 'must specify a metric name'))
  else checkSegment(metric.name, path.child('name'), errors)
}

import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from '../../../types/autoscaling-v2.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, firstFew, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Reference', 'What is scaled.'),
  column('Targets', 'What is measured, of what is wanted.'),
  column('MinPods', 'Fewest pods.'),
  column('MaxPods', 'Most pods.'),
  column('Replicas', 'Number of pods.'),
  ageColumn,
]

// pkg/printers/internalversion/printers.go printHorizontalPodAutoscaler
export function row(obj: HorizontalPodAutoscaler, now: number): Cell[] {
  const { spec, status } = obj
  const targets = (spec.metrics ?? []).map((metric, i) => target(metric, status?.currentMetrics?.[i]))
  return [
    obj.metadata.name ?? '',
    `${spec.scaleTargetRef?.kind}/${spec.scaleTargetRef?.name}`,
    targets.length === 0 ? '<none>' : firstFew(targets, 2, ', '),
    spec.minReplicas === undefined ? '<unset>' : `${spec.minReplicas}`,
    spec.maxReplicas ?? 0,
    status?.currentReplicas ?? 0,
    age(obj, now),
  ]
}

const unknown = '<unknown>'

function target(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External': {
      const wanted = spec.external?.target
      if (wanted?.averageValue)
        return `${status?.external?.current?.averageValue ?? unknown}/${wanted.averageValue} (avg)`
      return `${status?.external?.current?.value ?? unknown}/${wanted?.value ?? ''}`
    }
    case 'Pods':
      return `${status?.pods?.current?.averageValue ?? unknown}/${spec.pods?.target?.averageValue ?? ''}`
    case 'Object': {
      const wanted = spec.object?.target
      if (wanted?.averageValue)
        return `${status?.object?.current?.averageValue ?? unknown}/${wanted.averageValue} (avg)`
      return `${status?.object?.current?.value ?? unknown}/${wanted?.value ?? ''}`
    }
    case 'Resource':
      return resource(spec.resource?.name, spec.resource?.target, status?.resource?.current)
    case 'ContainerResource':
      return resource(spec.containerResource?.name, spec.containerResource?.target, status?.containerResource?.current)
    default:
      return '<unknown type>'
  }
}

interface Value {
  averageValue?: string
  averageUtilization?: number
}

function resource(name: string | undefined, wanted: Value | undefined, current: Value | undefined): string {
  if (wanted?.averageValue) return `${name}: ${current?.averageValue ?? unknown}/${wanted.averageValue}`
  const percent = (value: number | undefined, other: string) => (value === undefined ? other : `${value}%`)
  return `${name}: ${percent(current?.averageUtilization, unknown)}/${percent(wanted?.averageUtilization, '<auto>')}`
}

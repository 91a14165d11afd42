import { quantityOf } from '../../machinery/quantity.ts'
import type { Service } from '../types/core-v1.ts'
import { one, zero } from './amounts.ts'
import { countName, type Evaluator } from './evaluator.ts'

const objectCountName = countName('', 'services')
const names = [objectCountName, 'services', 'services.nodeports', 'services.loadbalancers']

// pkg/quota/v1/evaluator/core/services.go serviceEvaluator
export const serviceEvaluator: Evaluator = {
  // a Service's type can change
  handles: ({ operation, subresource }) => operation !== 'DELETE' && subresource === '',
  counts: (name) => names.includes(name),
  matchesScope: () => false,
  lacks: () => undefined,
  usage: (object) =>
    new Map([
      [objectCountName, one],
      ['services', one],
      ['services.loadbalancers', (object as Service).spec.type === 'LoadBalancer' ? one : zero],
      ['services.nodeports', quantityOf(nodePorts(object as Service))],
    ]),
}

// Ports may not have their numbers yet, so what is meant counts.
const nodePorts = ({ spec: { type, ports = [], allocateLoadBalancerNodePorts } }: Service): number => {
  if (type === 'NodePort') return ports.length
  if (type !== 'LoadBalancer') return 0
  if (allocateLoadBalancerNodePorts !== false) return ports.length
  return ports.filter(({ nodePort }) => nodePort !== undefined && nodePort !== 0).length
}

/** The type as far as it costs more than a Service itself. */
// services.go GetQuotaServiceType
export const costlyType = ({ spec: { type } }: Service): string =>
  type === 'NodePort' || type === 'LoadBalancer' ? type : ''

import { expect, it } from 'vitest'
import { createProblems } from '../../test-cases.ts'
import { horizontalPodAutoscaler as kind } from './kind.ts'

const scaleTargetRef = { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' }
const resource = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } }

// pkg/apis/autoscaling/validation/validation_test.go TestValidateHorizontalPodAutoscaler
const table: [string, object, string[]][] = [
  ['fine', { metrics: [{ type: 'Resource', resource }] }, []],
  ['fewest', { minReplicas: -1 }, ['spec.minReplicas: Invalid value: -1: must be greater than or equal to 1']],
  [
    'none, for what is outside',
    {
      minReplicas: 0,
      metrics: [{ type: 'External', external: { metric: { name: 'q' }, target: { type: 'Value', value: '1' } } }],
    },
    ['spec.minReplicas: Invalid value: 0: must be greater than or equal to 1'],
  ],
  [
    'most below fewest',
    { minReplicas: 7 },
    ['spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`'],
  ],
  ['no target', { scaleTargetRef: { name: 'd' } }, ['spec.scaleTargetRef.kind: Required value']],
  [
    'a path as name',
    { scaleTargetRef: { kind: 'D', name: '..' } },
    [`spec.scaleTargetRef.name: Invalid value: "..": may not be '..'`],
  ],
  [
    'no source',
    { metrics: [{ type: 'Resource' }] },
    ['spec.metrics[0].resource: Required value: must populate information for the given metric source'],
  ],
  [
    'two sources',
    {
      metrics: [
        {
          type: 'Resource',
          resource,
          pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '1' } },
        },
      ],
    },
    ['spec.metrics[0].pods: Forbidden: must populate the given metric source only'],
  ],
  [
    'both targets',
    {
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 1, averageValue: '1' } },
        },
      ],
    },
    [
      'spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization',
    ],
  ],
  [
    'no target value',
    { metrics: [{ type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'Value' } } }] },
    ['spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue'],
  ],
  [
    'container',
    {
      metrics: [
        { type: 'ContainerResource', containerResource: { name: 'cpu', container: '', target: resource.target } },
      ],
    },
    ['spec.metrics[0].containerResource.container: Required value: must specify a container'],
  ],
  [
    'window',
    { behavior: { scaleDown: { stabilizationWindowSeconds: 3601 } } },
    ['spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600'],
  ],
  [
    'policy',
    { behavior: { scaleUp: { policies: [{ type: 'Other', value: 0, periodSeconds: 1801 }], selectPolicy: 'Some' } } },
    [
      'spec.behavior.scaleUp.selectPolicy: Unsupported value: "Some": supported values: "Disabled", "Max", "Min"',
      'spec.behavior.scaleUp.policies[0].type: Unsupported value: "Other": supported values: "Percent", "Pods"',
      'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
      'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
    ],
  ],
]
it.each(table)('%s', (_, spec, want) => {
  expect(createProblems(kind, { spec: { scaleTargetRef, maxReplicas: 5, ...spec } })).toEqual(want)
})

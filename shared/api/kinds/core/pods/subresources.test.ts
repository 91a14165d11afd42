import { describe, expect, it } from 'vitest'
import { clone } from '../../../../machinery/deep.ts'
import { errorText } from '../../../../machinery/fieldpath.ts'
import type { Pod } from '../../../types/core-v1.ts'
import { stored } from '../../test-cases.ts'
import { pod as kind } from './kind.ts'

const resources = { requests: { cpu: '1' }, limits: { cpu: '2', memory: '1Gi' } }
const containers = [{ name: 'c', image: 'b', resources }]
const problems = (name: 'resize' | 'ephemeralcontainers', change: (pod: Pod) => void, before: Partial<Pod> = {}) => {
  const old = { ...(stored(kind, { spec: { containers } }) as Pod), ...before }
  const now = clone(old)
  change(now)
  kind.defaults?.(now)
  return (kind.validateSubresource?.[name]?.(now, old) ?? []).map(errorText)
}

// pkg/apis/core/validation/validation_test.go TestValidatePodResize
describe('resize', () => {
  const table: [string, (pod: Pod) => void, string[]][] = [
    ['more', (pod) => (pod.spec.containers[0]!.resources!.limits!['cpu'] = '3'), []],
    [
      'less memory',
      (pod) => (pod.spec.containers[0]!.resources!.limits!['memory'] = '512Mi'),
      [
        'spec.containers[0].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 512Mi',
      ],
    ],
    [
      'a limit goes',
      (pod) => delete pod.spec.containers[0]!.resources!.limits!['cpu'],
      ['spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed'],
    ],
    [
      'something else',
      (pod) =>
        Object.assign(pod.spec.containers[0]!.resources!, {
          limits: { ...resources.limits, 'ephemeral-storage': '1Gi' },
        }),
      ['spec: Forbidden: only cpu and memory resources are mutable'],
    ],
    [
      'another class',
      (pod) =>
        (pod.spec.containers[0]!.resources = {
          requests: { cpu: '2', memory: '1Gi' },
          limits: { cpu: '2', memory: '1Gi' },
        }),
      ['spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'],
    ],
  ]
  it.each(table)('%s', (_, change, want) => {
    expect(problems('resize', change)).toEqual(want)
  })

  const whole = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } }
  const ofWhole: [string, (pod: Pod) => void, string[]][] = [
    ['more', (pod) => (pod.spec.resources!.limits!['cpu'] = '3'), []],
    [
      'no less than its containers',
      (pod) => (pod.spec.resources!.requests!['cpu'] = '100m'),
      [
        'spec.resources.requests[cpu]: Invalid value: "100m": must be greater than or equal to aggregate container requests of 1',
      ],
    ],
    [
      'nothing',
      (pod) => delete pod.spec.resources,
      ['spec.resources: Forbidden: pod-level resources cannot be removed'],
    ],
    [
      'a limit goes',
      (pod) => delete pod.spec.resources!.limits!['cpu'],
      ['spec.resources.limits: Forbidden: pod-level resource limits cannot be removed'],
    ],
    [
      'huge pages',
      (pod) => (pod.spec.resources!.limits!['hugepages-2Mi'] = '2Mi'),
      ['spec: Forbidden: only cpu and memory resources are mutable at pod-level'],
    ],
    [
      'another class',
      (pod) => (pod.spec.resources!.requests!['cpu'] = '2'),
      ['spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'],
    ],
  ]
  it.each(ofWhole)('of the Pod as a whole: %s', (_, change, want) => {
    const before = { spec: { ...(stored(kind, { spec: { containers } }) as Pod).spec, resources: clone(whole) } }
    expect(problems('resize', change, before)).toEqual(want)
  })

  it('is not for static Pods, nor where the kubelet does not say what containers have', () => {
    const mirror = { metadata: { name: 'a', annotations: { 'kubernetes.io/config.mirror': 'x' } } }
    expect(problems('resize', () => undefined, mirror)).toEqual([': Forbidden: static pods cannot be resized'])
    const running = { name: 'c', image: 'b', imageID: '', ready: true, restartCount: 0, state: { running: {} } }
    const status = { qosClass: 'Burstable', containerStatuses: [running] }
    expect(problems('resize', () => undefined, { status })).toEqual([
      'spec: Forbidden: Pod running on node without support for resize',
    ])
  })
})

// pkg/apis/core/validation/validation_test.go TestValidatePodEphemeralContainersUpdate
describe('ephemeral containers', () => {
  const one = { name: 'debug', image: 'b' }
  it('are added', () => {
    expect(problems('ephemeralcontainers', (pod) => (pod.spec.ephemeralContainers = [one]))).toEqual([])
  })
  it('are checked', () => {
    expect(
      problems('ephemeralcontainers', (pod) => (pod.spec.ephemeralContainers = [{ name: 'c', image: 'b' }])),
    ).toEqual(['spec.ephemeralContainers[0].name: Duplicate value: "c"'])
  })
  it('stay as they are', () => {
    const with1 = clone(stored(kind, { spec: { containers } }) as Pod).spec
    with1.ephemeralContainers = [one]
    expect(problems('ephemeralcontainers', (pod) => delete pod.spec.ephemeralContainers, { spec: with1 })).toEqual([
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
    ])
    const change = (pod: Pod) => (pod.spec.ephemeralContainers![0]!.image = 'd')
    expect(problems('ephemeralcontainers', change, { spec: with1 })[0]).toMatch(
      /^spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n/,
    )
  })
})

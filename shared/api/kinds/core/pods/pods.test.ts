import { describe, expect, it } from 'vitest'
import { clone } from '../../../../machinery/deep.ts'
import { errorText } from '../../../../machinery/fieldpath.ts'
import type { ContainerStatus, Pod } from '../../../types/core-v1.ts'
import { prepareForCreate, validateCreate, validateUpdate } from '../../strategy.ts'
import { row } from './columns.ts'
import { pod as kind } from './kind.ts'

function make(change: (pod: Pod) => void = () => undefined): Pod {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'x', resourceVersion: '1', uid: 'u' },
    spec: { containers: [{ name: 'c', image: 'nginx' }] },
  }
  change(pod)
  kind.defaults?.(pod)
  return pod
}

const problems = (change: (pod: Pod) => void) => validateCreate(kind, make(change)).map(errorText)

describe('defaults', () => {
  it('fills in what upstream does', () => {
    const { spec } = make((pod) => {
      pod.spec.containers[0]!.resources = { limits: { cpu: '0.5', memory: '1Gi' } }
      pod.spec.containers[0]!.livenessProbe = { httpGet: { port: 80 } }
      pod.spec.volumes = [{ name: 'empty' }, { name: 'cm', configMap: { name: 'x' } }]
    })
    expect(spec).toEqual({
      containers: [
        {
          name: 'c',
          image: 'nginx',
          imagePullPolicy: 'Always',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          resources: { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } },
          livenessProbe: {
            httpGet: { path: '/', port: 80, scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
        },
      ],
      volumes: [
        { name: 'empty', emptyDir: {} },
        { name: 'cm', configMap: { name: 'x', defaultMode: 420 } },
      ],
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
      schedulerName: 'default-scheduler',
      enableServiceLinks: true,
    })
  })

  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.25', 'IfNotPresent'],
    ['host:5000/nginx', 'Always'],
    ['nginx@sha256:ab', 'IfNotPresent'],
  ])('pulls %s %s', (image, want) => {
    const { spec } = make((pod) => (pod.spec.containers[0]!.image = image))
    expect(spec.containers[0]?.imagePullPolicy).toBe(want)
  })
})

describe('validation', () => {
  const table: [string, (pod: Pod) => void, string[]][] = [
    ['fine', () => undefined, []],
    ['no containers', (pod) => (pod.spec.containers = []), ['spec.containers: Required value']],
    ['no image', (pod) => delete pod.spec.containers[0]!.image, ['spec.containers[0].image: Required value']],
    [
      'twice the same name',
      (pod) => pod.spec.containers.push({ name: 'c', image: 'b' }),
      ['spec.containers[1].name: Duplicate value: "c"'],
    ],
    [
      'unknown volume',
      (pod) => (pod.spec.containers[0]!.volumeMounts = [{ name: 'v', mountPath: '/v' }]),
      ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
    ],
    [
      'restart policy',
      (pod) => (pod.spec.restartPolicy = 'Sometimes'),
      ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
    ],
    [
      'more than the limit',
      (pod) => (pod.spec.containers[0]!.resources = { limits: { cpu: '1' }, requests: { cpu: '2' } }),
      ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ],
    [
      'two volume types',
      (pod) => (pod.spec.volumes = [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }]),
      ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'port',
      (pod) => (pod.spec.containers[0]!.ports = [{ containerPort: 70000 }]),
      ['spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
    ],
    [
      'probe without a handler',
      (pod) => (pod.spec.containers[0]!.readinessProbe = {}),
      ['spec.containers[0].readinessProbe: Required value: must specify a handler type'],
    ],
  ]
  it.each(table)('%s', (_, change, want) => {
    expect(problems(change)).toEqual(want)
  })
})

describe('update', () => {
  const text =
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n'
  const changed = (change: (pod: Pod) => void) => {
    const old = make()
    const now = clone(old)
    change(now)
    return validateUpdate(kind, now, old).map(errorText)
  }

  it('may change the image', () => {
    expect(changed((pod) => (pod.spec.containers[0]!.image = 'nginx:2'))).toEqual([])
  })
  it('may add tolerations', () => {
    expect(changed((pod) => (pod.spec.tolerations = [{ key: 'a', operator: 'Exists' }]))).toEqual([])
  })
  it('may shorten nothing into a deadline', () => {
    expect(changed((pod) => (pod.spec.activeDeadlineSeconds = 5))).toEqual([])
  })
  it('may not change anything else', () => {
    const errors = changed((pod) => (pod.spec.containers[0]!.command = ['x']))
    expect(errors).toHaveLength(1)
    expect(errors[0]?.startsWith(text)).toBe(true)
  })
  it('may not add containers', () => {
    expect(changed((pod) => pod.spec.containers.push({ ...pod.spec.containers[0]!, name: 'd' }))).toEqual([
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ])
  })
})

describe('strategy', () => {
  it('starts Pods as Pending', () => {
    const pod = make((it) => (it.status = { phase: 'Running' }))
    prepareForCreate(kind, pod)
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' })
    expect(pod.metadata.generation).toBe(1)
  })

  it.each([
    ['not yet on a node', {}, undefined, 0],
    ['what it asks for', { nodeName: 'n' }, undefined, 30],
    ['what was asked for', { nodeName: 'n' }, 5, 5],
    ['negative', { nodeName: 'n', terminationGracePeriodSeconds: -1 }, undefined, 1],
  ])('grace: %s', (_, spec, requested, want) => {
    const pod = make((it) => Object.assign(it.spec, spec))
    expect(kind.deletionGracePeriod?.(pod, requested)).toBe(want)
  })
})

describe('columns', () => {
  const now = Date.parse('2026-01-01T00:10:00Z')
  const status = (state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}): ContainerStatus => ({
    name: 'c',
    image: 'nginx',
    imageID: '',
    ready: false,
    restartCount: 0,
    state,
    ...more,
  })
  const table: [string, Pod['status'], [string, string, string]][] = [
    ['pending', { phase: 'Pending' }, ['0/1', 'Pending', '0']],
    [
      'running',
      { phase: 'Running', containerStatuses: [status({ running: {} }, { ready: true })] },
      ['1/1', 'Running', '0'],
    ],
    [
      'crash loop',
      {
        phase: 'Running',
        containerStatuses: [
          status(
            { waiting: { reason: 'CrashLoopBackOff' } },
            { restartCount: 3, lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:09:00Z' } } },
          ),
        ],
      },
      ['0/1', 'CrashLoopBackOff', '3 (60s ago)'],
    ],
    [
      'exit code',
      { phase: 'Failed', containerStatuses: [status({ terminated: { exitCode: 2 } })] },
      ['0/1', 'ExitCode:2', '0'],
    ],
    ['init', { phase: 'Pending', initContainerStatuses: [status({ running: {} })] }, ['0/1', 'Init:0/1', '0']],
    [
      'init failed',
      { phase: 'Pending', initContainerStatuses: [status({ terminated: { exitCode: 1, reason: 'Error' } })] },
      ['0/1', 'Init:Error', '0'],
    ],
    ['evicted', { phase: 'Failed', reason: 'Evicted' }, ['0/1', 'Evicted', '0']],
  ]
  it.each(table)('%s', (_, podStatus, want) => {
    const pod = make((it) => {
      it.metadata.creationTimestamp = '2026-01-01T00:00:00Z'
      if (podStatus?.initContainerStatuses) it.spec.initContainers = [{ name: 'i', image: 'b' }]
      it.status = podStatus
    })
    const cells = row(pod, now)
    expect(cells.slice(1, 4)).toEqual(want)
    expect(cells[4]).toBe('10m')
    expect(cells).toHaveLength(kind.columns.length)
  })

  it('says Terminating', () => {
    const pod = make((it) => {
      it.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
      it.status = { phase: 'Running' }
    })
    expect(row(pod, now)[2]).toBe('Terminating')
  })
})

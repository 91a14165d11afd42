import { describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ContainerStatus, PodSandboxStatus } from '../runtime/types.ts'
import { container, exited, pod, running, sandbox, t0 } from './fixtures.ts'
import type { ProbeResult } from './model.ts'
import { noResize } from './resize.ts'
import { podStatus } from './status.ts'
import type { Waiting } from './sync.ts'

interface Case {
  name: string
  pod: Pod
  sandboxes?: PodSandboxStatus[]
  containers?: ContainerStatus[]
  probes?: Record<string, ProbeResult>
  waiting?: Record<string, Waiting>
  ended?: boolean
  failed?: Waiting
  phase: string
  /** "type=status" or "type=status reason: message" of those not True. */
  conditions?: string[]
  /** "name state reason restarts ready". */
  statuses: string[]
}

const one = pod({ containers: [container('a')] })
const never = pod({ restartPolicy: 'Never', containers: [container('a'), container('b')] })
const withInit = pod({ initContainers: [container('i')], containers: [container('a')] })
const probed = pod({ containers: [container('a', { readinessProbe: {} })] })
const debugged = pod({ containers: [container('a')], ephemeralContainers: [{ name: 'e', image: 'busybox' }] })
const rules = (action: string) => ({
  restartPolicy: 'Never',
  restartPolicyRules: [{ action, exitCodes: { operator: 'In', values: [42] } }],
})
const ruled = pod({ restartPolicy: 'Never', containers: [container('a', rules('Restart'))] })
const together = pod({
  restartPolicy: 'Never',
  containers: [container('a', rules('RestartAllContainers')), container('b')],
})
const reported = (name: string, state: object, more: object = {}) => ({
  name,
  image: '',
  imageID: '',
  ready: true,
  restartCount: 0,
  containerID: `docker://${name}-0`,
  state,
  ...more,
})
const unready = (names: string) => `False ContainersNotReady: containers with unready status: [${names}]`

const cases: Case[] = [
  {
    name: 'nothing yet',
    pod: one,
    phase: 'Pending',
    conditions: ['PodReadyToStartContainers=False', `Ready=${unready('a')}`, `ContainersReady=${unready('a')}`],
    statuses: ['a waiting ContainerCreating 0 false'],
  },
  {
    name: 'running',
    pod: one,
    sandboxes: [sandbox()],
    containers: [running('a')],
    phase: 'Running',
    conditions: [],
    statuses: ['a running  0 true'],
  },
  {
    name: 'an ephemeral container, which makes nothing ready',
    pod: debugged,
    sandboxes: [sandbox()],
    containers: [running('a'), running('e')],
    phase: 'Running',
    conditions: [],
    statuses: ['a running  0 true', 'e running  0 false'],
  },
  {
    name: 'one that failed and counts for nothing',
    pod: debugged,
    sandboxes: [sandbox()],
    containers: [running('a'), exited('e', 1)],
    phase: 'Running',
    conditions: [],
    statuses: ['a running  0 true', 'e terminated Error 0 false'],
  },
  {
    name: 'initialising',
    pod: withInit,
    sandboxes: [sandbox()],
    containers: [running('i')],
    phase: 'Pending',
    conditions: [
      'Initialized=False ContainersNotInitialized: containers with incomplete status: [i]',
      `Ready=${unready('a')}`,
      `ContainersReady=${unready('a')}`,
    ],
    statuses: ['i running  0 false', 'a waiting PodInitializing 0 false'],
  },
  {
    name: 'nothing of a Pod that begins with init containers',
    pod: withInit,
    phase: 'Pending',
    statuses: ['i waiting PodInitializing 0 false', 'a waiting PodInitializing 0 false'],
  },
  {
    name: 'initialised, and the rest not made yet',
    pod: withInit,
    sandboxes: [sandbox()],
    containers: [exited('i', 0)],
    phase: 'Pending',
    statuses: ['i terminated Completed 0 true', 'a waiting PodInitializing 0 false'],
  },
  {
    name: 'initialised',
    pod: withInit,
    sandboxes: [sandbox()],
    containers: [exited('i', 0), running('a')],
    phase: 'Running',
    conditions: [],
    statuses: ['i terminated Completed 0 true', 'a running  0 true'],
  },
  {
    name: 'an init container in back-off',
    pod: withInit,
    sandboxes: [sandbox()],
    containers: [exited('i', 1)],
    waiting: { i: { reason: 'CrashLoopBackOff', message: '' } },
    phase: 'Pending',
    statuses: ['i waiting CrashLoopBackOff 0 false', 'a waiting PodInitializing 0 false'],
  },
  {
    name: 'a Pod has not ended while its sidecar runs',
    pod: pod(
      {
        restartPolicy: 'Never',
        initContainers: [container('i', { restartPolicy: 'Always' })],
        containers: [container('a')],
      },
      { status: { phase: 'Running' } },
    ),
    sandboxes: [sandbox()],
    containers: [running('i'), exited('a', 0)],
    phase: 'Running',
    statuses: ['i running  0 true', 'a terminated Completed 0 false'],
  },
  {
    name: 'in back-off a Pod still counts as running',
    pod: one,
    sandboxes: [sandbox()],
    containers: [exited('a', 1, 1), exited('a', 1)],
    waiting: { a: { reason: 'CrashLoopBackOff', message: 'm' } },
    phase: 'Running',
    conditions: [`Ready=${unready('a')}`, `ContainersReady=${unready('a')}`],
    statuses: ['a waiting CrashLoopBackOff 1 false'],
  },
  {
    name: 'a failed pull',
    pod: one,
    sandboxes: [sandbox()],
    waiting: { a: { reason: 'ErrImagePull', message: 'm' } },
    phase: 'Pending',
    statuses: ['a waiting ErrImagePull 0 false'],
  },
  {
    name: 'not ready until the probe says so',
    pod: probed,
    sandboxes: [sandbox()],
    containers: [running('a')],
    phase: 'Running',
    conditions: [`Ready=${unready('a')}`, `ContainersReady=${unready('a')}`],
    statuses: ['a running  0 false'],
  },
  {
    name: 'ready when it does',
    pod: probed,
    sandboxes: [sandbox()],
    containers: [running('a')],
    probes: { 'a-0 readiness': 'Success' },
    phase: 'Running',
    conditions: [],
    statuses: ['a running  0 true'],
  },
  {
    name: 'a readiness gate holds it back',
    pod: pod({ containers: [container('a')], readinessGates: [{ conditionType: 'x/y' }] }),
    sandboxes: [sandbox()],
    containers: [running('a')],
    phase: 'Running',
    conditions: [
      'Ready=False ReadinessGatesNotReady: corresponding condition of pod readiness gate "x/y" does not exist.',
    ],
    statuses: ['a running  0 true'],
  },
  {
    name: 'all succeeded',
    pod: never,
    containers: [exited('a', 0), exited('b', 0)],
    ended: true,
    phase: 'Succeeded',
    conditions: [
      'PodReadyToStartContainers=False',
      'Ready=False PodCompleted: ',
      'ContainersReady=False PodCompleted: ',
    ],
    statuses: ['a terminated Completed 0 false', 'b terminated Completed 0 false'],
  },
  {
    name: 'one failed',
    pod: never,
    containers: [exited('a', 0), exited('b', 3)],
    ended: true,
    phase: 'Failed',
    statuses: ['a terminated Completed 0 false', 'b terminated Error 0 false'],
  },
  {
    name: 'one of two still runs',
    pod: never,
    sandboxes: [sandbox()],
    containers: [exited('a', 0), running('b')],
    phase: 'Running',
    statuses: ['a terminated Completed 0 false', 'b running  0 true'],
  },
  {
    name: 'deleted while running',
    pod: one,
    containers: [exited('a', 137)],
    ended: true,
    phase: 'Failed',
    statuses: ['a terminated Error 0 false'],
  },
  {
    name: 'out of time',
    pod: one,
    containers: [exited('a', 0)],
    ended: true,
    failed: { reason: 'DeadlineExceeded', message: 'm' },
    phase: 'Failed',
    statuses: ['a terminated Completed 0 false'],
  },
  {
    name: 'an end that a rule makes good',
    pod: ruled,
    sandboxes: [sandbox()],
    containers: [exited('a', 42)],
    phase: 'Running',
    statuses: ['a terminated Error 0 false'],
  },
  {
    name: 'an end that none does',
    pod: ruled,
    containers: [exited('a', 43)],
    ended: true,
    phase: 'Failed',
    statuses: ['a terminated Error 0 false'],
  },
  {
    name: 'an init container that will never run again',
    pod: pod({ initContainers: [container('i', { restartPolicy: 'Never' })], containers: [container('a')] }),
    sandboxes: [sandbox()],
    containers: [exited('i', 1)],
    phase: 'Failed',
    statuses: ['i terminated Error 0 false', 'a waiting PodInitializing 0 false'],
  },
  {
    name: 'all are taken away to start again',
    pod: {
      ...together,
      status: { containerStatuses: [reported('a', { running: {} }), reported('b', { running: {} })] },
    },
    sandboxes: [sandbox()],
    containers: [exited('a', 42)],
    phase: 'Running',
    conditions: [`Ready=${unready('a b')}`, `ContainersReady=${unready('a b')}`],
    statuses: ['a terminated Error 0 false', 'b waiting RestartingAllContainers 1 false'],
  },
  {
    name: 'the last one is taken away',
    pod: {
      ...together,
      status: {
        conditions: [{ type: 'AllContainersRestarting', status: 'True' }],
        containerStatuses: [
          reported('a', { terminated: { exitCode: 42 } }),
          reported(
            'b',
            { waiting: { reason: 'RestartingAllContainers' } },
            {
              containerID: undefined,
              restartCount: 1,
              lastState: { terminated: { exitCode: 137, reason: 'RestartingAllContainers' } },
            },
          ),
        ],
      },
    },
    sandboxes: [sandbox()],
    phase: 'Running',
    conditions: [`Ready=${unready('a b')}`, `ContainersReady=${unready('a b')}`, 'AllContainersRestarting=False'],
    statuses: ['a waiting RestartingAllContainers 1 false', 'b waiting ContainerCreating 1 false'],
  },
]

describe('podStatus', () => {
  for (const test of cases) {
    it(test.name, () => {
      const status = podStatus({
        pod: test.pod,
        state: { sandboxes: test.sandboxes ?? [], containers: test.containers ?? [] },
        now: t0,
        probes: (id, kind) => test.probes?.[`${id} ${kind}`],
        waiting: new Map(Object.entries(test.waiting ?? {})),
        ended: test.ended ?? false,
        failed: test.failed,
        actuated: {},
        actuatedPod: undefined,
        resize: noResize,
        hostIPs: ['192.0.2.1'],
      })
      expect(status.phase).toBe(test.phase)
      const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = status
      const statuses = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses]
      expect(
        statuses.map(({ name, state, restartCount, ready }) => {
          const [kind, detail] = Object.entries(state ?? {})[0] as [string, { reason?: string }]
          return `${name} ${kind} ${detail.reason ?? ''} ${restartCount} ${ready}`
        }),
      ).toEqual(test.statuses)
      if (!test.conditions) return
      const bad = (status.conditions ?? []).filter((one) => one.status !== 'True')
      expect(
        bad.map(
          ({ type, status, reason, message }) => `${type}=${status}${reason ? ` ${reason}: ${message ?? ''}` : ''}`,
        ),
      ).toEqual(test.conditions)
    })
  }

  it('keeps the transition time as long as a condition stays', () => {
    const old = { type: 'Ready', status: 'True', lastTransitionTime: '2025-01-01T00:00:00Z' }
    const status = podStatus({
      pod: { ...one, status: { conditions: [old], startTime: '2025-01-01T00:00:00Z' } },
      state: { sandboxes: [sandbox()], containers: [running('a')] },
      now: t0,
      probes: () => undefined,
      waiting: new Map(),
      ended: false,
      failed: undefined,
      actuated: {},
      actuatedPod: undefined,
      resize: noResize,
      hostIPs: ['192.0.2.1'],
    })
    const ready = status.conditions?.find((one) => one.type === 'Ready')
    expect(ready?.lastTransitionTime).toBe(old.lastTransitionTime)
    expect(status).toMatchObject({ podIP: '10.244.0.7', hostIP: '192.0.2.1', startTime: '2025-01-01T00:00:00Z' })
  })

  it('says what the Pod as a whole is granted, and what it has', () => {
    const has = { requests: { cpu: '1' }, limits: { cpu: '1' } }
    const granted = { requests: { cpu: '2' }, limits: { cpu: '2' } }
    const summed = pod({ containers: ['a', 'b'].map((name) => container(name, { resources: granted })) })
    const whole = pod({ resources: granted, containers: [container('a')] })
    const of = (one: Pod, containers: ContainerStatus[]) => {
      const status = podStatus({
        pod: one,
        state: { sandboxes: [sandbox()], containers },
        now: t0,
        probes: () => undefined,
        waiting: new Map(),
        ended: false,
        failed: undefined,
        actuated: { a: { inherited: { cpu: '1' } } },
        actuatedPod: one.spec.resources && has,
        resize: noResize,
        hostIPs: [],
      })
      return {
        allocatedResources: status.allocatedResources,
        resources: status.resources,
        a: status.containerStatuses?.[0],
      }
    }
    expect(of(summed, [])).toMatchObject({ allocatedResources: { cpu: '4' }, resources: undefined })
    expect(of(whole, [])).toMatchObject({ allocatedResources: { cpu: '2' }, resources: granted })
    expect(of(whole, [running('a')])).toMatchObject({ allocatedResources: { cpu: '2' }, resources: has })
    expect(of(whole, [running('a')]).a?.resources).toEqual({})
    expect(of(pod({ containers: [container('a')] }), [])).toMatchObject({ allocatedResources: undefined })
  })

  it('shows the last end beside the reason for waiting', () => {
    const status = podStatus({
      pod: one,
      state: { sandboxes: [sandbox()], containers: [exited('a', 3, 4)] },
      now: t0,
      probes: () => undefined,
      waiting: new Map([['a', { reason: 'CrashLoopBackOff', message: 'm' }]]),
      ended: false,
      failed: undefined,
      actuated: {},
      actuatedPod: undefined,
      resize: noResize,
      hostIPs: [],
    })
    expect(status.containerStatuses?.[0]).toMatchObject({
      restartCount: 4,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error', containerID: 'docker://a-4' } },
    })
  })
})

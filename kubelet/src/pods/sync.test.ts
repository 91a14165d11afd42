import { describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ContainerStatus, PodSandboxStatus } from '../runtime/types.ts'
import { container, exited, pod, running, sandbox, t0 } from './fixtures.ts'
import type { ProbeResult, StartFailure } from './model.ts'
import type { ResizeAction } from './resize.ts'
import { sync, type SyncInput } from './sync.ts'

interface Case {
  name: string
  pod: Pod
  sandboxes?: PodSandboxStatus[]
  containers?: ContainerStatus[]
  now?: number
  probes?: Record<string, ProbeResult>
  failures?: Record<string, StartFailure>
  mostBackOffSeconds?: number
  resizes?: Record<string, ResizeAction>
  ending?: SyncInput['ending']
  unmounted?: boolean
  /** One line a step. */
  steps: string[]
  waiting?: Record<string, string>
  wakeAt?: number
}

const one = pod({ containers: [container('a')] })
const two = pod({ containers: [container('a'), container('b')] })
const never = pod({ restartPolicy: 'Never', containers: [container('a')] })
const onFailure = pod({ restartPolicy: 'OnFailure', containers: [container('a')] })
const withInit = pod({ initContainers: [container('i1'), container('i2')], containers: [container('a')] })
const withSidecar = pod({
  restartPolicy: 'Never',
  initContainers: [container('s', { restartPolicy: 'Always' }), container('i')],
  containers: [container('a')],
})
const probed = pod({ containers: [container('a', { livenessProbe: {}, startupProbe: {} })] })
const debugged = pod({
  initContainers: [container('i')],
  containers: [container('a')],
  ephemeralContainers: [{ name: 'e', image: 'busybox' }],
})
const onCode = (action: string, operator: string, ...values: number[]) => ({ action, exitCodes: { operator, values } })
const ruled = pod({
  restartPolicy: 'Never',
  initContainers: [container('i', { restartPolicy: 'Never', restartPolicyRules: [onCode('Restart', 'In', 7)] })],
  containers: [container('a', { restartPolicy: 'Never', restartPolicyRules: [onCode('Restart', 'NotIn', 0, 1)] })],
})
const together = pod({
  restartPolicy: 'Never',
  initContainers: [container('i')],
  containers: [
    container('a', { restartPolicy: 'Never', restartPolicyRules: [onCode('RestartAllContainers', 'In', 42)] }),
    container('b'),
  ],
})
const backOff10 = 'back-off 10s restarting failed container=a pod=web_default(u1)'

const cases: Case[] = [
  { name: 'a new Pod gets volumes and a sandbox', pod: one, unmounted: true, steps: ['mount', 'runSandbox 0'] },
  { name: 'its containers start', pod: two, sandboxes: [sandbox()], steps: ['start a 0 +0s', 'start b 0 +0s'] },
  { name: 'nothing to do while all run', pod: one, sandboxes: [sandbox()], containers: [running('a')], steps: [] },
  {
    name: 'an ephemeral container starts before all others',
    pod: debugged,
    sandboxes: [sandbox()],
    steps: ['start e 0 +0s', 'start i 0 +0s'],
  },
  {
    name: 'it runs once, however it ends',
    pod: debugged,
    sandboxes: [sandbox()],
    containers: [running('a'), exited('i', 0), exited('e', 1)],
    steps: [],
  },
  {
    name: 'one that was made and did not start yet starts',
    pod: debugged,
    sandboxes: [sandbox()],
    containers: [running('a'), exited('i', 0), running('e', 0, { state: 'CONTAINER_CREATED', startedAt: 0 })],
    steps: ['start e 0 +0s'],
  },
  {
    name: 'a Pod ends though its ephemeral container runs',
    pod: pod({ restartPolicy: 'Never', containers: [container('a')], ephemeralContainers: [{ name: 'e' }] }),
    sandboxes: [sandbox()],
    containers: [exited('a', 0), running('e')],
    steps: ['killAll e-0 30s'],
  },
  {
    name: 'a container is resized in place',
    pod: two,
    sandboxes: [sandbox()],
    containers: [running('a'), running('b')],
    resizes: { a: 'update' },
    steps: ['resize a-0'],
  },
  {
    name: 'a resize that failed waits',
    pod: one,
    sandboxes: [sandbox()],
    containers: [running('a')],
    resizes: { a: 'update' },
    failures: { '/resize': { reason: 'Error', message: 'm', retryAt: t0 + 9000 } },
    steps: [],
    wakeAt: t0 + 9000,
  },
  {
    name: 'a container that is to be resized by a restart is killed',
    pod: two,
    sandboxes: [sandbox()],
    containers: [running('a'), running('b')],
    resizes: { b: 'restart' },
    steps: ['kill b-0 30s: Container b resize requires restart'],
  },
  {
    name: 'the first restart comes at once',
    pod: one,
    sandboxes: [sandbox()],
    containers: [exited('a', 1)],
    now: t0 + 1001,
    steps: ['start a 1 +10s'],
  },
  {
    name: 'the second waits',
    pod: one,
    sandboxes: [sandbox()],
    containers: [exited('a', 1, 1, { backOff: 10 }), exited('a', 1)],
    now: t0 + 2000,
    steps: [],
    waiting: { a: `CrashLoopBackOff: ${backOff10}` },
    wakeAt: t0 + 11000,
  },
  {
    name: 'with another image it does not wait, and is counted anew',
    pod: one,
    sandboxes: [sandbox()],
    containers: [exited('a', 1, 3, { backOff: 80, image: 'other' })],
    now: t0 + 2000,
    steps: ['start a 4 +10s'],
  },
  {
    name: 'and then doubles',
    pod: one,
    sandboxes: [sandbox()],
    containers: [exited('a', 1, 1, { backOff: 10 })],
    now: t0 + 11000,
    steps: ['start a 2 +20s'],
  },
  {
    name: 'the back-off ends at five minutes',
    pod: one,
    sandboxes: [sandbox()],
    containers: [exited('a', 1, 7, { backOff: 300 })],
    now: t0 + 301_000,
    steps: ['start a 8 +300s'],
  },
  {
    name: 'ten minutes of running forget it',
    pod: one,
    sandboxes: [sandbox()],
    containers: [exited('a', 1, 7, { backOff: 300, finishedAt: t0 + 601_000 })],
    now: t0 + 601_001,
    steps: ['start a 8 +10s'],
  },
  {
    name: 'it ends earlier where it should, and was longer before',
    pod: one,
    sandboxes: [sandbox()],
    containers: [exited('a', 1, 7, { backOff: 300 })],
    mostBackOffSeconds: 100.5,
    steps: [],
    waiting: { a: `CrashLoopBackOff: ${backOff10.replace('10s', '1m40.5s')}` },
    wakeAt: t0 + 1000 + 100_500,
  },
  {
    name: 'it does not begin longer than it may be',
    pod: one,
    sandboxes: [sandbox()],
    containers: [exited('a', 1)],
    mostBackOffSeconds: 2,
    steps: ['start a 1 +2s'],
  },
  {
    name: 'where it ends early an instance still has to live for ten minutes before it is forgotten',
    pod: one,
    sandboxes: [sandbox()],
    containers: [exited('a', 1, 7, { backOff: 20, finishedAt: t0 + 599_000 })],
    mostBackOffSeconds: 30,
    now: t0 + 620_000,
    steps: ['start a 8 +30s'],
  },
  {
    name: 'a clock that was set back makes nobody wait until it is there again',
    pod: one,
    sandboxes: [sandbox()],
    containers: [exited('a', 1, 1, { backOff: 10, finishedAt: t0 + 300_000 })],
    steps: ['start a 2 +20s'],
  },
  {
    name: 'OnFailure restarts a failure',
    pod: onFailure,
    sandboxes: [sandbox()],
    containers: [exited('a', 2)],
    steps: ['start a 1 +10s'],
  },
  {
    name: 'OnFailure ends with a success',
    pod: onFailure,
    sandboxes: [sandbox()],
    containers: [exited('a', 0)],
    steps: ['stopSandbox s0', 'unmount'],
  },
  {
    name: 'Never ends with a failure',
    pod: never,
    sandboxes: [sandbox()],
    containers: [exited('a', 1)],
    steps: ['stopSandbox s0', 'unmount'],
  },
  {
    name: 'a Pod reported as ended does not run again',
    pod: { ...never, status: { phase: 'Succeeded' } },
    unmounted: true,
    steps: [],
  },
  {
    name: 'a lost sandbox is replaced',
    pod: one,
    sandboxes: [sandbox(0, { state: 'SANDBOX_NOTREADY' })],
    containers: [exited('a', 137)],
    steps: ['runSandbox 1'],
  },
  {
    name: 'a container that outlived its sandbox is stopped first',
    pod: one,
    sandboxes: [sandbox(0, { state: 'SANDBOX_NOTREADY' })],
    containers: [running('a')],
    steps: ['stopSandbox s0', 'runSandbox 1'],
  },
  {
    name: 'a Pod that never restarts gets no second sandbox',
    pod: never,
    sandboxes: [sandbox(0, { state: 'SANDBOX_NOTREADY' })],
    containers: [exited('a', 137)],
    steps: ['unmount'],
  },
  { name: 'init containers come first', pod: withInit, sandboxes: [sandbox()], steps: ['start i1 0 +0s'] },
  { name: 'one at a time', pod: withInit, sandboxes: [sandbox()], containers: [running('i1')], steps: [] },
  {
    name: 'the next after success',
    pod: withInit,
    sandboxes: [sandbox()],
    containers: [exited('i1', 0)],
    steps: ['start i2 0 +0s'],
  },
  {
    name: 'main containers after the last',
    pod: withInit,
    sandboxes: [sandbox()],
    containers: [exited('i1', 0), exited('i2', 0)],
    steps: ['start a 0 +0s'],
  },
  {
    name: 'a failed init container is tried again',
    pod: withInit,
    sandboxes: [sandbox()],
    containers: [exited('i1', 1)],
    steps: ['start i1 1 +10s'],
  },
  {
    name: 'unless nothing may be restarted',
    pod: { ...withInit, spec: { ...withInit.spec, restartPolicy: 'Never' } },
    sandboxes: [sandbox()],
    containers: [exited('i1', 1)],
    steps: ['stopSandbox s0', 'unmount'],
  },
  {
    name: 'init containers do not come back when a main container ends',
    pod: withInit,
    sandboxes: [sandbox()],
    containers: [exited('a', 1)],
    steps: ['start a 1 +10s'],
  },
  {
    name: 'a new sandbox is initialised again',
    pod: withInit,
    sandboxes: [sandbox(1), sandbox(0, { state: 'SANDBOX_NOTREADY' })],
    containers: [exited('i1', 0), exited('i2', 0), exited('a', 137)],
    steps: ['start i1 1 +10s'],
  },
  { name: 'a sidecar starts first', pod: withSidecar, sandboxes: [sandbox()], steps: ['start s 0 +0s'] },
  {
    name: 'and runs beside the rest',
    pod: withSidecar,
    sandboxes: [sandbox()],
    containers: [running('s')],
    steps: ['start i 0 +0s'],
  },
  {
    name: 'it is restarted beside running main containers',
    pod: withSidecar,
    sandboxes: [sandbox()],
    containers: [exited('s', 1), exited('i', 0), running('a')],
    steps: ['start s 1 +10s'],
  },
  {
    name: 'it ends after the main containers',
    pod: withSidecar,
    sandboxes: [sandbox()],
    containers: [running('s'), exited('i', 0), exited('a', 0)],
    steps: ['killAll s-0 30s'],
  },
  {
    name: 'a failed liveness probe kills',
    pod: probed,
    sandboxes: [sandbox()],
    containers: [running('a')],
    probes: { 'a-0 liveness': 'Failure' },
    steps: ['kill a-0 30s: Container a failed liveness probe, will be restarted'],
  },
  {
    name: 'so does a failed startup probe',
    pod: probed,
    sandboxes: [sandbox()],
    containers: [running('a')],
    probes: { 'a-0 startup': 'Failure' },
    steps: ['kill a-0 30s: Container a failed startup probe, will be restarted'],
  },
  {
    name: 'a new image replaces the container',
    pod: pod({ containers: [container('a', { image: 'busybox:2' })] }),
    sandboxes: [sandbox()],
    containers: [running('a')],
    steps: ['kill a-0 30s: Container a definition changed, will be restarted'],
  },
  {
    name: 'a container made and not started is made again',
    pod: one,
    sandboxes: [sandbox()],
    containers: [running('a', 3, { state: 'CONTAINER_CREATED', backOff: 40 })],
    steps: ['start a 3 +40s'],
  },
  {
    name: 'one that somebody removed is counted',
    pod: {
      ...one,
      status: {
        containerStatuses: [
          { name: 'a', restartCount: 2, containerID: 'docker://x', ready: true, image: 'busybox', imageID: '' },
        ],
      },
    },
    sandboxes: [sandbox()],
    steps: ['start a 3 +0s'],
  },
  {
    name: 'even when an older one is left',
    pod: {
      ...one,
      status: {
        containerStatuses: [
          { name: 'a', restartCount: 1, containerID: 'docker://x', ready: true, image: 'busybox', imageID: '' },
        ],
      },
    },
    sandboxes: [sandbox()],
    containers: [exited('a', 1)],
    steps: ['start a 2 +10s'],
  },
  {
    name: 'a failed pull is named',
    pod: one,
    sandboxes: [sandbox()],
    failures: { a: { reason: 'ErrImagePull', message: 'no', retryAt: t0 + 9, backOffAt: t0 + 5, backOffMessage: 'b' } },
    now: t0 + 4,
    steps: [],
    waiting: { a: 'ErrImagePull: no' },
    wakeAt: t0 + 5,
  },
  {
    name: 'and then backs off',
    pod: one,
    sandboxes: [sandbox()],
    failures: { a: { reason: 'ErrImagePull', message: 'no', retryAt: t0 + 9, backOffAt: t0 + 5, backOffMessage: 'b' } },
    now: t0 + 5,
    steps: [],
    waiting: { a: 'ImagePullBackOff: b' },
    wakeAt: t0 + 9,
  },
  {
    name: 'another image is not held back by what became of the one before',
    pod: one,
    sandboxes: [sandbox()],
    failures: { a: { reason: 'ErrImagePull', message: 'no', retryAt: t0 + 9, image: 'other' } },
    now: t0 + 4,
    steps: ['start a 0 +0s'],
  },
  {
    name: 'volumes that cannot be had hold the containers back',
    pod: one,
    sandboxes: [sandbox()],
    unmounted: true,
    failures: { '/volumes': { reason: 'FailedMount', message: 'no', retryAt: t0 + 5000 } },
    steps: [],
    wakeAt: t0 + 5000,
  },
  {
    name: "a container's own rule starts it again",
    pod: ruled,
    sandboxes: [sandbox()],
    containers: [exited('i', 0), exited('a', 7)],
    steps: ['start a 1 +10s'],
  },
  {
    name: 'another code is the end',
    pod: ruled,
    sandboxes: [sandbox()],
    containers: [exited('i', 0), exited('a', 1)],
    steps: ['stopSandbox s0', 'unmount'],
  },
  {
    name: 'an init container has rules too',
    pod: ruled,
    sandboxes: [sandbox()],
    containers: [exited('i', 7)],
    steps: ['start i 1 +10s'],
  },
  {
    name: 'an init container whose rules do not want it again',
    pod: ruled,
    sandboxes: [sandbox()],
    containers: [exited('i', 8)],
    steps: ['stopSandbox s0', 'unmount'],
  },
  {
    name: "a policy of its own counts before the Pod's",
    pod: pod({ containers: [container('a', { restartPolicy: 'OnFailure' })] }),
    sandboxes: [sandbox()],
    containers: [exited('a', 0)],
    steps: ['stopSandbox s0', 'unmount'],
  },
  {
    name: 'all start again: what runs ends at once',
    pod: together,
    sandboxes: [sandbox()],
    containers: [exited('i', 0), exited('a', 42), running('b')],
    steps: ['killAll b-0 0s'],
  },
  {
    name: 'all start again: the cause goes last',
    pod: together,
    sandboxes: [sandbox()],
    containers: [exited('a', 42, 1), exited('a', 42), exited('i', 0), exited('b', 137)],
    steps: ['remove a-0', 'remove i-0', 'remove b-0', 'remove a-1'],
  },
  {
    name: 'all start again: from the first init container on, counted',
    pod: {
      ...together,
      status: {
        initContainerStatuses: [
          {
            name: 'i',
            image: '',
            imageID: '',
            ready: false,
            restartCount: 3,
            lastState: { terminated: { exitCode: 137, reason: 'RestartingAllContainers' } },
          },
        ],
      },
    },
    sandboxes: [sandbox()],
    steps: ['start i 3 +0s'],
  },
  {
    name: 'not when the Pod is deleted',
    pod: together,
    sandboxes: [sandbox()],
    containers: [exited('i', 0), exited('a', 42), running('b')],
    ending: { graceSeconds: 5, remove: true },
    steps: ['killAll b-0 5s'],
  },
  {
    name: 'deletion stops everything',
    pod: two,
    sandboxes: [sandbox()],
    containers: [running('a'), running('b')],
    ending: { graceSeconds: 5, remove: true },
    steps: ['killAll a-0,b-0 5s'],
  },
  {
    name: 'then takes the rest away',
    pod: two,
    sandboxes: [sandbox()],
    containers: [exited('a', 0), exited('b', 0)],
    ending: { graceSeconds: 5, remove: true },
    steps: ['stopSandbox s0', 'unmount', 'finish'],
  },
]

function text(step: ReturnType<typeof sync>['steps'][number]): string {
  switch (step.kind) {
    case 'runSandbox':
      return `runSandbox ${step.attempt}`
    case 'startContainer':
      return `start ${step.name} ${step.attempt} +${step.backOffSeconds}s`
    case 'killContainer':
      return `kill ${step.id} ${step.graceSeconds}s: ${step.message}`
    case 'resizeContainer':
      return `resize ${step.id}`
    case 'killAll':
      return `killAll ${step.ids.join(',')} ${step.graceSeconds}s`
    case 'removeContainer':
      return `remove ${step.id}`
    case 'mountVolumes':
      return 'mount'
    case 'unmountVolumes':
      return 'unmount'
    case 'finish':
      return 'finish'
    default:
      return `${step.kind} ${step.id}`
  }
}

describe('sync', () => {
  for (const test of cases) {
    it(test.name, () => {
      const result = sync({
        pod: test.pod,
        state: { sandboxes: test.sandboxes ?? [], containers: test.containers ?? [] },
        now: test.now ?? t0 + 1001,
        probes: (id, kind) => test.probes?.[`${id} ${kind}`],
        failures: new Map(Object.entries(test.failures ?? {})),
        mostBackOffSeconds: test.mostBackOffSeconds ?? 300,
        mounted: !test.unmounted,
        volumesOnDisk: false,
        resizes: new Map(Object.entries(test.resizes ?? {})),
        ending: test.ending,
      })
      expect(result.steps.map(text)).toEqual(test.steps)
      const waiting = [...result.waiting].map(([name, { reason, message }]) => [name, `${reason}: ${message}`])
      expect(Object.fromEntries(waiting)).toEqual(test.waiting ?? {})
      expect(result.wakeAt).toBe(test.wakeAt)
    })
  }
})

import { describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Container } from '../runtime/types.ts'
import { chooseContainer, parseLogQuery } from './container-logs.ts'
import { exitStatus, parseSizes, streamRequest } from './remote-streams.ts'

const container = (name: string, attempt: number, state: Container['state']): Container => ({
  id: `${name}-${String(attempt)}`,
  sandboxId: 's',
  name,
  attempt,
  pod: { name: 'web', namespace: 'default', uid: 'u' },
  state,
  image: 'i',
  imageId: 'i',
  createdAt: attempt,
  labels: {},
})

const waiting = (reason: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [{ name: 'c' }] },
  status: {
    containerStatuses: [
      { name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason } } },
    ],
  },
})

describe('which log', () => {
  const pod = waiting('ContainerCreating')
  const all = [
    container('c', 0, 'CONTAINER_EXITED'),
    container('c', 1, 'CONTAINER_RUNNING'),
    container('d', 5, 'CONTAINER_RUNNING'),
  ]

  it('is the newest of that name, or the one before', () => {
    expect(chooseContainer(pod, 'c', all, false).id).toBe('c-1')
    expect(chooseContainer(pod, 'c', all, true).id).toBe('c-0')
  })

  it('is the one that ended last while the next waits to be started', () => {
    const crashed = waiting('CrashLoopBackOff')
    const [status] = crashed.status?.containerStatuses ?? []
    if (status) status.lastState = { terminated: { exitCode: 1, containerID: 'docker://c-1' } }
    const ended = [container('c', 0, 'CONTAINER_EXITED'), container('c', 1, 'CONTAINER_EXITED')]
    expect(chooseContainer(crashed, 'c', ended, true).id).toBe('c-1')
    expect(chooseContainer(crashed, 'c', ended, false).id).toBe('c-1')
  })

  it('is the last that ran while a new one is being made', () => {
    expect(chooseContainer(pod, 'c', [...all, container('c', 2, 'CONTAINER_CREATED')], false).id).toBe('c-1')
  })

  it.each([
    ['ContainerCreating', false, 'container "c" in pod "web" is waiting to start: ContainerCreating'],
    ['ErrImagePull', false, 'container "c" in pod "web" is waiting to start: image can\'t be pulled'],
    ['ImagePullBackOff', false, 'container "c" in pod "web" is waiting to start: trying and failing to pull image'],
    ['CrashLoopBackOff', true, 'previous terminated container "c" in pod "web" not found'],
  ])('%s (previous: %s) is refused in words', (reason, previous, text) => {
    expect(() => chooseContainer(waiting(reason), 'c', [], previous)).toThrow(text)
  })
})

describe('log options', () => {
  it.each([
    ['', {}],
    ['follow=true&timestamps=true&previous=true', { follow: true, timestamps: true, previous: true }],
    ['tailLines=0', { tail: 0 }],
    ['sinceSeconds=10', { since: 90_000 }],
    ['sinceTime=1970-01-01T00:00:30Z', { since: 30_000 }],
    ['limitBytes=5', { limitBytes: 5 }],
    ['stream=Stderr', { stream: 'Stderr' }],
  ])('%s', (query, wanted) => {
    expect(parseLogQuery(new URLSearchParams(query), 100_000)).toMatchObject(wanted)
  })

  it.each(['tailLines=x', 'tailLines=-1', 'limitBytes=0', 'sinceSeconds=0', 'stream=both', 'sinceTime=yesterday'])(
    '%s is refused',
    (query) => {
      expect(() => parseLogQuery(new URLSearchParams(query), 0)).toThrow()
    },
  )
})

describe('remote command', () => {
  it('has no stderr with a tty', () => {
    const query = new URLSearchParams('input=1&output=1&error=1&tty=1')
    expect(streamRequest(query)).toEqual({ stdin: true, stdout: true, stderr: false, tty: true })
  })

  it('tells the exit code as a cause', () => {
    expect(JSON.parse(exitStatus(0))).toEqual({ metadata: {}, status: 'Success' })
    expect(JSON.parse(exitStatus(3))).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    })
  })

  it('reads several sizes at once and passes over rubbish', () => {
    expect(parseSizes('{"Width":80,"Height":24}\n{"Width":100,"Height":30}')).toEqual([
      { width: 80, height: 24 },
      { width: 100, height: 30 },
    ])
    expect(parseSizes('{"Width":"x"} rubbish {')).toEqual([])
  })
})

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { configMaps, leases, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepLease } from '../node/lease.ts'
import { failed, idOf, lookAt, runs, shell, statusOf } from './look.testing.ts'
import { keys } from './model.ts'
import { startTestNode, type TestNode } from './node.testing.ts'

const resources = { cpu: '2', memory: '1Gi', pods: '20', 'ephemeral-storage': '1Gi' }
const hour = 3_600_000
const namespace = 'default'
const waits = 'trap "exit 0" TERM; while :; do sleep 0.1; done'

describe('A clock that is set', { timeout: caseMs }, () => {
  let node: TestNode
  let look: ReturnType<typeof lookAt>
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-clock-'))
    node = await startTestNode(resources)
    look = lookAt(node)
  })
  afterAll(async () => {
    await node.stop()
    await rm(folder, { recursive: true })
  })

  const host = (name: string) => ({
    volumes: [{ name: 'h', hostPath: { path: folder } }],
    containers: [{ name: 'main', volumeMounts: [{ name: 'h', mountPath: '/h' }], ...shell(name) }],
  })
  const lines = async (name: string): Promise<number> =>
    (await readFile(path.join(folder, name), 'utf8').catch(() => '')).split('\n').length - 1
  const grows = async (name: string, by: number): Promise<void> => {
    const before = await lines(name)
    await waitFor(async () => (await lines(name)) >= before + by, `${name} to grow`)
  }

  it.each([
    ['forward', hour],
    ['back', -hour],
  ])('%s kills nothing that is well, and probes go on', async (way, byMs) => {
    const name = `steady-${way}`
    const { volumes, containers } = host(waits)
    const probe = (file: string) => ({
      exec: { command: ['sh', '-c', `echo >> /h/${way}-${file}`] },
      periodSeconds: 1,
      timeoutSeconds: 60,
    })
    const probed = { livenessProbe: probe('live'), readinessProbe: { ...probe('ready'), failureThreshold: 1 } }
    const main = { name: 'main', ...containers[0], ...probed }
    await node.run(name, { containers: [main], volumes, activeDeadlineSeconds: 2 * 3600 })
    const before = await node.until(name, (pod) => statusOf(pod)?.ready)
    await Promise.all([grows(`${way}-live`, 2), grows(`${way}-ready`, 2)])
    node.clock.set(byMs)
    await Promise.all([grows(`${way}-live`, 3), grows(`${way}-ready`, 3)])
    const after = await node.get(name)
    expect(idOf(after)).toBe(idOf(before))
    expect(statusOf(after)).toMatchObject({ ready: true, restartCount: 0 })
    node.clock.set(-byMs)
    await look.remove(name)
    await look.gone(name)
  })

  it('brings a deadline, which is a time of the day, nearer', async () => {
    const spec = { activeDeadlineSeconds: 1800, containers: [{ name: 'main', ...shell(waits) }] }
    await node.run('deadline', spec)
    await node.until('deadline', runs)
    node.clock.set(hour)
    expect((await node.until('deadline', failed)).status?.reason).toBe('DeadlineExceeded')
    node.clock.set(-hour)
    await look.remove('deadline')
  })

  it.each([
    ['forward', hour],
    ['back', -hour],
  ])('%s makes no grace shorter, in a hook or after it', async (way, byMs) => {
    const spec = host(`trap 'sleep 4; echo >> /h/${way}-end; exit 0' TERM; while :; do sleep 0.1; done`)
    const lifecycle = { preStop: { exec: { command: ['sh', '-c', `echo >> /h/${way}-pre; sleep 2`] } } }
    const containers = spec.containers.map((one) => ({ ...one, lifecycle }))
    await node.run(`grace-${way}`, { ...spec, containers, terminationGracePeriodSeconds: 120 })
    await node.until(`grace-${way}`, runs)
    await look.remove(`grace-${way}`, { gracePeriodSeconds: 120 })
    await waitFor(async () => (await lines(`${way}-pre`)) === 1)
    node.clock.set(byMs)
    await look.gone(`grace-${way}`)
    // what is killed has not come so far
    expect(await lines(`${way}-end`)).toBe(1)
    node.clock.set(-byMs)
  })

  it('back holds up nothing that is to be tried again', async () => {
    await node.run('dying', { containers: [{ name: 'main', ...shell('exit 3') }] })
    const optional = { name: 'main', env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'late', key: 'a' } } }] }
    await node.run('unready', { containers: [optional] })
    const pulled = { name: 'main', image: 'kubets-test/no-such:1', imagePullPolicy: 'Never' }
    await node.run('no-image', { containers: [pulled] })
    await node.until('unready', (pod) => statusOf(pod)?.state?.waiting?.reason === 'CreateContainerConfigError')
    await node.until('no-image', (pod) => statusOf(pod)?.state?.waiting?.reason === 'ErrImageNeverPull')
    const { restartCount = 0 } = statusOf(await node.until('dying', (pod) => statusOf(pod)?.restartCount)) ?? {}
    node.clock.set(-hour)
    await node.client.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'late', namespace },
      data: { a: 'a' },
    })
    await node.until('dying', (pod) => (statusOf(pod)?.restartCount ?? 0) > restartCount)
    await node.until('unready', runs)
    node.clock.set(hour)
    await Promise.all(['dying', 'unready', 'no-image'].map((one) => look.remove(one)))
    await waitFor(async () => (await node.client.list(pods, { namespace })).items.length === 0)
  })

  it('forward ends a back-off, which gets twice as long each time and at most five minutes', async () => {
    const { metadata } = await node.run('failing', { containers: [{ name: 'main', ...shell('exit 3') }] })
    const restarts = (pod: Pod): number => statusOf(pod)?.restartCount ?? 0
    const longest: [string, number] = ['5m0s', 300]
    const all: [string, number][] = [
      ['10s', 10],
      ['20s', 20],
      ['40s', 40],
      ['1m20s', 80],
      ['2m40s', 160],
    ]
    for (let seen = 0; seen < 7;) {
      const pod = await node.until('failing', (one) => restarts(one) > seen && statusOf(one)?.state?.waiting)
      seen = restarts(pod)
      const [wait, seconds] = all[seen - 1] ?? longest
      const message = `back-off ${wait} restarting failed container=main pod=failing_default(${metadata.uid})`
      expect(statusOf(pod)?.state).toEqual({ waiting: { reason: 'CrashLoopBackOff', message } })
      node.clock.set(seconds * 1000)
      node.manager.poke(metadata.uid ?? '')
      await node.until('failing', (one) => restarts(one) > seen)
      node.clock.set(-seconds * 1000)
    }
    await look.remove('failing')
    await look.gone('failing')
  })

  it('has no say in that ten minutes of running begin the back-off anew', async () => {
    const script = `echo >> /h/well; n=$(wc -l < /h/well); test $n = 1 || until test -e /h/end-$n; do sleep 0.1; done; exit 3`
    const { metadata } = await node.run('well', host(script))
    const instance = async (restarts: number): Promise<string> => {
      const found = await node.until(
        'well',
        (pod) => statusOf(pod)?.restartCount === restarts && statusOf(pod)?.state?.running,
      )
      return idOf(found)
    }
    const second = await instance(1)
    node.madeBefore.set(second, 601_000)
    await writeFile(path.join(folder, 'end-2'), '')
    // neither it has waited, nor does the one after it wait for longer than the first time
    const third = await node.runtime.containerStatus(await instance(2), new AbortController().signal)
    expect(third.labels[keys.backOff]).toBe('10')
    await writeFile(path.join(folder, 'end-3'), '')
    const pod = await node.until('well', (one) => statusOf(one)?.state?.waiting)
    const message = `back-off 10s restarting failed container=main pod=well_default(${metadata.uid})`
    expect(statusOf(pod)?.state).toEqual({ waiting: { reason: 'CrashLoopBackOff', message } })
    await look.remove('well')
    await look.gone('well')
  })

  it('is told with the next renewal of the Lease, which comes as ever', async () => {
    const { client, clock } = node
    const stop = new AbortController()
    const own = { client, clock, log, nodeName: node.name, node: () => Promise.resolve(undefined) }
    const kept = keepLease(own, stop.signal)
    const renewed = async (): Promise<number> => {
      const lease = await client.get(leases, node.name, { namespace: 'kube-node-lease' }).catch(() => undefined)
      return parseTime(lease?.spec.renewTime ?? '1970-01-01T00:00:00Z')
    }
    try {
      await waitFor(async () => (await renewed()) > clock.now() - hour / 2)
      clock.set(hour)
      await waitFor(async () => (await renewed()) > clock.now() - hour / 2)
      clock.set(-hour)
      await waitFor(async () => (await renewed()) < clock.now() + hour / 2)
    } finally {
      stop.abort()
      await kept
    }
  })
})

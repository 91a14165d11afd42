import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { serveGrpcHealth, type GrpcHealth } from '../harness/grpc-health.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { getPod, isReady, podUntil, shell, startPod, type ContainerStatus, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

/** What its probes make of a Pod. */
describe.concurrent('a Pod', () => {
  let ns: Namespace
  let grpc: GrpcHealth
  let count = 0
  const next = (): string => `q${String(count++)}`
  const first = (pod: Pod): ContainerStatus | undefined => pod.status.containerStatuses?.[0]
  beforeAll(async () => {
    ns = await makeNamespace('probes')
    grpc = await serveGrpcHealth()
  })
  afterAll(async () => {
    await grpc.stop()
    await removeNamespace(ns)
  })

  // test/e2e/common/node/container_probe.go: the default of 1 s is too little to answer on a busy machine
  const probe = { periodSeconds: 1, failureThreshold: 1, initialDelaySeconds: 3, timeoutSeconds: 5 }
  const served = (script: string): object =>
    shell(`mkdir /w; echo ok > /w/healthz; ${script} & exec httpd -f -p 8080 -h /w`)
  const liveness = (container: object, livenessProbe: object, grace = 1): object => ({
    terminationGracePeriodSeconds: grace,
    containers: [{ name: 'main', ...container, livenessProbe: { ...probe, ...livenessProbe } }],
  })
  const http = { httpGet: { path: '/healthz', port: 8080 } }
  const exec = { exec: { command: ['cat', '/tmp/health'] } }
  for (const [what, entry, spec] of [
    [
      'HTTP',
      'Pod liveness probe, using http endpoint, failure',
      liveness(served('true'), { ...http, failureThreshold: 3 }),
    ],
    [
      'a file',
      'Pod liveness probe, using local file, no restart',
      liveness(shell('echo ok > /tmp/health; sleep 1000'), exec),
    ],
    [
      'TCP, whatever HTTP says,',
      'Pod liveness probe, using tcp socket, no restart',
      liveness(served('(sleep 10; rm /w/healthz)'), {
        tcpSocket: { port: 8080 },
        failureThreshold: 3,
      }),
    ],
    [
      'gRPC',
      'Pod liveness probe, using grpc call, success',
      // on the network of the node, where the harness answers: the container itself has no server
      () => ({
        hostNetwork: true,
        ...liveness(shell('sleep 1000'), { grpc: { port: grpc.port, service: 'well' } }),
      }),
    ],
  ] as const)
    it(`is left alone while its liveness by ${what} is well${covers(entry)}`, async () => {
      const name = next()
      await startPod(ns, name, typeof spec === 'function' ? spec() : spec)
      const pod = await podUntil(ns, name, 'to be ready', isReady)
      const since = Date.parse(pod.status.startTime)
      // Twenty seconds of the node's own time, twice what the trouble in it takes, and many probes.
      await until('20 s of life', async () => {
        const now = Number(await ns.kubectl(['exec', name, '--', 'date', '+%s'])) * 1000
        return now - since > 20_000 ? true : undefined
      })
      expect(first(await getPod(ns, name))?.restartCount).toBe(0)
      if (what === 'gRPC') expect(grpc.asked('well')).toBeGreaterThan(5)
    })
  for (const [what, entry, spec] of [
    ['HTTP', 'Pod liveness probe, using http endpoint, restart', liveness(served('(sleep 20; rm /w/healthz)'), http)],
    [
      'a file',
      'Pod liveness probe, using local file, restart',
      liveness(shell('echo ok > /tmp/health; sleep 20; rm /tmp/health; sleep 1000'), exec),
    ],
    [
      'gRPC',
      'Pod liveness probe, using grpc call, failure',
      // nobody listens there
      liveness(shell('sleep 1000'), { grpc: { port: 2333 }, initialDelaySeconds: 20 }),
    ],
  ] as const)
    it(`is started again when its liveness by ${what} fails${covers(entry)}`, async () => {
      const name = next()
      await startPod(ns, name, spec)
      expect(first(await podUntil(ns, name, 'to be ready', isReady))?.restartCount).toBe(0)
      await podUntil(ns, name, 'to be started again', (pod) => (first(pod)?.restartCount ?? 0) >= 1)
    })

  it('is started again when its service says by gRPC that it does not serve', async () => {
    const name = next()
    const livenessProbe = { grpc: { port: grpc.port, service: 'unwell' }, initialDelaySeconds: 5 }
    await startPod(ns, name, { hostNetwork: true, ...liveness(shell('sleep 1000'), livenessProbe) })
    await podUntil(ns, name, 'to be started again', (pod) => (first(pod)?.restartCount ?? 0) >= 1)
    await until('the event of the failed probe', async () => {
      const events = await ns.list<{ message: string; involvedObject: { name: string } }>('events')
      expect(events.filter((one) => one.involvedObject.name === name).map(({ message }) => message)).toContain(
        'Liveness probe failed: service unhealthy (responded with "NOT_SERVING")',
      )
      return true
    })
  })

  it(`is started again and again, and counts it${covers('Pod liveness probe, using http endpoint, multiple restarts (slow)')}`, async () => {
    const name = next()
    await startPod(ns, name, liveness(served('(sleep 3; rm /w/healthz)'), http))
    let before = 0
    await podUntil(
      ns,
      name,
      'to be started five times',
      (pod) => {
        const { restartCount = 0 } = first(pod) ?? {}
        expect(restartCount).toBeGreaterThanOrEqual(before)
        before = restartCount
        return restartCount >= 5
      },
      500_000,
    )
  }, 600_000)

  it(`is not ready before its readiness probe begins${covers('Pod readiness probe, with initial delay')}`, async () => {
    const name = next()
    const readinessProbe = { ...probe, exec: { command: ['true'] }, initialDelaySeconds: 15 }
    await startPod(ns, name, { containers: [{ name: 'main', ...shell('sleep 1000'), readinessProbe }] })
    await podUntil(ns, name, 'to run', (pod) => pod.status.phase === 'Running')
    expect(isReady(await getPod(ns, name))).toBe(false)
    const pod = await podUntil(ns, name, 'to be ready', isReady)
    const ready = pod.status.conditions.find((one) => one.type === 'Ready')?.lastTransitionTime ?? ''
    const started = first(pod)?.state.running?.startedAt ?? ''
    expect(Date.parse(ready) - Date.parse(started)).toBeGreaterThanOrEqual(14_000)
    expect(first(pod)?.restartCount).toBe(0)
  })
  it(`is never ready when its readiness probe fails${covers('Pod readiness probe, failure')}`, async () => {
    const name = next()
    const readinessProbe = { ...probe, exec: { command: ['false'] } }
    await startPod(ns, name, { containers: [{ name: 'main', ...shell('sleep 1000'), readinessProbe }] })
    await until('many failures', async () => {
      expect(isReady(await getPod(ns, name))).toBe(false)
      const events = await ns.list<{ reason: string; count: number; involvedObject: { name: string } }>('events')
      const unhealthy = events.find((one) => one.reason === 'Unhealthy' && one.involvedObject.name === name)
      return (unhealthy?.count ?? 0) >= 10 ? true : undefined
    })
    expect(first(await getPod(ns, name))).toMatchObject({ ready: false, restartCount: 0 })
  })
})

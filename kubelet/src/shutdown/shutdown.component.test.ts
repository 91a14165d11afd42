import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Registry } from 'prom-client'
import { events, priorityClasses } from '@kubets/shared/api/resources.gen.ts'
import type { Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeReference } from '../events.ts'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'
import { Logind } from './logind.ts'
import { ShutdownManager } from './manager.ts'
import { shutdownMetrics, shutdownStateFile } from './state.ts'

const runs = ({ status }: Pod): boolean => status?.phase === 'Running'
const failed = ({ status }: Pod): boolean => status?.phase === 'Failed'

// stand-ins for systemd's programs, which say what these say: busctl's signals are the lines of a file
const busctl = `#!/bin/sh
cd "$(dirname "$0")"
case "$*" in
  *get-property*) cat delay ;;
  *KillUnit*) sed -n 's/^InhibitDelayMaxSec=\\(.*\\)/{"type":"t","data":\\1000000}/p' 99-kubelet.conf > delay ;;
  *monitor*) echo $$ > monitor; exec tail -f -n +1 signals ;;
esac
`
const inhibit = `#!/bin/sh
cd "$(dirname "$0")"
echo $$ > holder
for last; do :; done
"$last"
[ "$(cat holder)" = $$ ] && rm holder
`

/** A real node, whose machine goes down as its login manager says. */
describe('A node that shuts down', { timeout: caseMs }, () => {
  let node: TestNode
  let folder: string
  let manager: ShutdownManager
  let running: Promise<unknown>
  const stopping = new AbortController()
  const registry = new Registry()
  const at = (name: string): string => path.join(folder, name)
  const isThere = (file: string): Promise<boolean> =>
    stat(file).then(
      () => true,
      () => false,
    )
  const numberIn = async (name: string): Promise<number> => Number(await readFile(at(name), 'utf8').catch(() => ''))
  const goesDown = (down: boolean): Promise<void> => {
    const line = { type: 'signal', member: 'PrepareForShutdown', payload: { type: 'b', data: [down] } }
    return writeFile(at('signals'), `${JSON.stringify(line)}\n`, { flag: 'a' })
  }

  beforeAll(async () => {
    node = await startTestNode({ cpu: '8', memory: '64Gi', pods: '20' })
    const named = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'middle' } }
    await node.client.create(priorityClasses, { ...named, value: 1500 })
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-shutdown-'))
    await writeFile(at('busctl'), busctl, { mode: 0o755 })
    await writeFile(at('inhibit'), inhibit, { mode: 0o755 })
    await writeFile(at('delay'), '{"type":"t","data":5000000}\n')
    await writeFile(at('signals'), '')
    manager = new ShutdownManager({
      periods: [
        { priority: 0, shutdownGracePeriodSeconds: 20 },
        { priority: 1000, shutdownGracePeriodSeconds: 5 },
        { priority: 2_000_000_000, shutdownGracePeriodSeconds: 30 },
      ],
      logind: new Logind({ busctl: at('busctl'), inhibit: at('inhibit'), confDir: folder }),
      pods: {
        active: () => node.manager.active(),
        evict: (uid, why, graceSeconds) => node.manager.evict(uid, why, graceSeconds),
        unmounted: (uid) => node.volumes.isTornDown(uid),
      },
      stateFile: shutdownStateFile(node.rootDir),
      metrics: shutdownMetrics(registry),
      recorder: node.recorder,
      node: nodeReference(node.name),
      clock,
      log,
      changed: () => (node.goesDown.shuttingDown = manager.shuttingDown),
    })
    running = manager.run(stopping.signal)
  })
  afterAll(async () => {
    stopping.abort()
    await running
    await node.stop()
    await rm(folder, { recursive: true })
  })

  const pod = (name: string, trap: string, more: Partial<PodSpec> = {}) =>
    node.run(name, {
      terminationGracePeriodSeconds: 600,
      volumes: [{ name: 'data', emptyDir: {} }],
      ...more,
      containers: [
        {
          name: 'main',
          command: ['sh', '-c', `${trap}; touch /data/up; while :; do sleep 1; done`],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
          readinessProbe: { exec: { command: ['test', '-e', '/data/up'] }, periodSeconds: 1 },
        },
      ],
    })
  const endedAt = ({ status }: Pod) => status?.containerStatuses?.[0]?.state?.terminated?.finishedAt ?? ''

  it('holds the shutdown up for as long as its Pods may take', async () => {
    await waitFor(() => numberIn('monitor'))
    await waitFor(() => numberIn('holder'))
    expect(await readFile(at('99-kubelet.conf'), 'utf8')).toBe(
      '# Kubelet logind override\n[Login]\nInhibitDelayMaxSec=55\n',
    )
    expect(await isThere(at('holder'))).toBe(true)
    expect(manager.shuttingDown).toBe(false)
  })

  it('listens again when nobody can be listened to any more, and holds a lock again that somebody took away', async () => {
    const both = async (): Promise<number[]> => [await numberIn('monitor'), await numberIn('holder')]
    // while there is none, or it has not said its number yet, that is 0: which stands for every process of this group
    const others = (before: number[]): Promise<number[]> =>
      waitFor(async () => {
        const now = await both()
        return now.every((pid, i) => pid !== 0 && pid !== before[i]) ? now : undefined
      })
    const first = await others([])
    process.kill(first[0] ?? NaN)
    const second = await others(first)
    process.kill(second[1] ?? NaN, 'SIGKILL')
    await others(second)
  })

  it('ends its Pods, lowest priority first, each with no more time than it has, and takes no more', async () => {
    await pod('polite', "trap 'exit 0' TERM")
    await pod('stubborn', "trap '' TERM", {
      priorityClassName: 'middle',
      volumes: [{ name: 'data', emptyDir: { medium: 'Memory' } }],
    })
    await pod('quick', "trap '' TERM", {
      priorityClassName: 'system-node-critical',
      terminationGracePeriodSeconds: 2,
    })
    const names = ['polite', 'stubborn', 'quick']
    await Promise.all(names.map((name) => node.until(name, ({ status }) => status?.containerStatuses?.[0]?.ready)))
    await goesDown(true)
    await waitFor(() => manager.shuttingDown)
    await node.run('late', { containers: [{ name: 'main' }] })
    const ended = await Promise.all(names.map((name) => node.until(name, failed)))
    const message = 'Pod was terminated in response to imminent node shutdown.'
    for (const { status } of ended) {
      expect(status).toMatchObject({ phase: 'Failed', reason: 'Terminated', message })
      const condition = status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
      expect(condition).toMatchObject({ status: 'True', reason: 'TerminationByKubelet', message })
    }
    expect(ended.map(endedAt).toSorted()).toEqual(ended.map(endedAt))
    const codes = ended.map(({ status }) => status?.containerStatuses?.[0]?.state?.terminated?.exitCode)
    expect(codes).toEqual([0, 137, 137])
    expect((await node.until('late', failed)).status).toMatchObject({
      reason: 'NodeShutdown',
      message: 'Pod was rejected: Pod was rejected as the node is shutting down.',
    })
    // nobody is waited for longer than it takes, and then the machine may go
    await waitFor(async () => !(await isThere(at('holder'))))
    for (const { metadata } of ended) expect(await node.volumes.isTornDown(metadata.uid ?? '')).toBe(true)
    const state = JSON.parse(await readFile(shutdownStateFile(node.rootDir), 'utf8')) as Record<string, string>
    const times = Object.values(state).map((time) => Math.floor(Date.parse(time) / 1000))
    expect(Object.keys(state)).toEqual(['startTime', 'endTime'])
    const metrics = await registry.metrics()
    expect(metrics).toContain(`kubelet_graceful_shutdown_start_time_seconds ${times[0]}\n`)
    expect(metrics).toContain(`kubelet_graceful_shutdown_end_time_seconds ${times[1]}\n`)
  })

  it('goes on when the shutdown is called off', async () => {
    await goesDown(false)
    await waitFor(() => !manager.shuttingDown)
    await waitFor(() => isThere(at('holder')))
    await node.run('after', { containers: [{ name: 'main' }] })
    await node.until('after', runs)
    const told = await waitFor(async () => {
      const { items } = await node.client.list(events, { namespace: 'default' })
      const found = items.filter(({ reason, involvedObject: { kind } }) => reason === 'NodeShutdown' && kind === 'Node')
      return found.length > 1 ? found : undefined
    })
    expect(told.map((one) => one.message).toSorted()).toEqual([
      'Shutdown manager detected shutdown cancellation',
      'Shutdown manager detected shutdown event',
    ])
  })

  it('ends at once without a login manager, which is said', async () => {
    const said: string[] = []
    const error = (what: string | object, text?: string): void => void said.push(`${text}: ${JSON.stringify(what)}`)
    const without = new ShutdownManager({
      periods: [{ priority: 0, shutdownGracePeriodSeconds: 20 }],
      logind: new Logind({ busctl: at('none'), inhibit: at('none'), confDir: folder }),
      pods: { active: () => [], evict: () => Promise.resolve(), unmounted: () => Promise.resolve(true) },
      stateFile: at('state'),
      metrics: { tell: () => undefined },
      recorder: node.recorder,
      node: nodeReference(node.name),
      clock,
      log: { ...log, error },
      changed: () => undefined,
    })
    await without.run(stopping.signal)
    expect(said).toEqual([
      expect.stringMatching(
        /^Failed to start node shutdown manager: {"error":"failed reading InhibitDelayMaxUSec property from logind: .*ENOENT/,
      ),
    ])
  })
})

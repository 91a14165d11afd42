import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { events, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseContainer, openLog, parseLogQuery } from '../server/container-logs.ts'
import { failed, idOf, lookAt, over, runs, shell, statusOf, succeeded } from './look.testing.ts'
import { startTestNode, type TestNode } from './node.testing.ts'

const docker = new Docker()
const { signal } = new AbortController()
const deaf = shell('trap "" TERM; while :; do sleep 0.1; done')
const nothing = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 }
const ofSidecar = (name: string, script: string) => ({ name, restartPolicy: 'Always', ...shell(script) })
const volumes = [{ name: 'data', emptyDir: {} }]
const volumeMounts = [{ name: 'data', mountPath: '/data' }]

/** From the first look at a Pod to its end: probes, hooks, sidecars, names, last words. */
describe.concurrent('A Pod', { timeout: caseMs }, () => {
  let node: TestNode
  let look: ReturnType<typeof lookAt>
  beforeAll(async () => {
    node = await startTestNode({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '60' })
    look = lookAt(node)
  })
  afterAll(() => node.stop())

  it.each(['liveness', 'startup'])('is killed after the grace of its %s probe, not its own', async (kind) => {
    const name = `grace-${kind}`
    await node.run(name, {
      terminationGracePeriodSeconds: 600,
      containers: [{ name: 'main', ...deaf, [`${kind}Probe`]: { ...nothing, terminationGracePeriodSeconds: 1 } }],
    })
    const pod = await node.until(name, (one) => (statusOf(one)?.restartCount ?? 0) > 0)
    expect(statusOf(pod)?.lastState?.terminated?.exitCode).toBe(137)
    expect(await look.event(name, 'Killing')).toBe(`Container main failed ${kind} probe, will be restarted`)
    await look.remove(name, { gracePeriodSeconds: 1 })
  })

  // test/e2e/common/node/container_probe.go, "disable liveness probes while pod is in progress of terminating"
  it('is asked whether it is ready while it ends, and not whether it lives', async () => {
    const folder = `${node.rootDir}/ending`
    await mkdir(folder)
    await writeFile(`${folder}/alive`, '')
    const probe = { exec: shell('test -e /data/alive'), periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 1 }
    const preStop = { exec: shell('rm /data/alive; until test -e /data/go; do sleep 0.1; done') }
    await node.run('ending', {
      terminationGracePeriodSeconds: 600,
      volumes: [{ name: 'data', hostPath: { path: folder } }],
      containers: [
        { name: 'main', readinessProbe: probe, livenessProbe: probe, lifecycle: { preStop }, volumeMounts, ...deaf },
      ],
    })
    await node.until('ending', (pod) => statusOf(pod)?.ready)
    await look.remove('ending')
    await node.until('ending', (pod) => statusOf(pod)?.ready === false && statusOf(pod)?.state?.running)
    const unhealthy = await waitFor(async () => {
      const { items } = await node.client.list(events, { namespace: 'default' })
      const own = items.filter((one) => one.involvedObject.name === 'ending' && one.reason === 'Unhealthy')
      return own.some(({ count = 0 }) => count > 2) ? own : undefined
    })
    expect(unhealthy.map(({ message }) => message)).toEqual(['Readiness probe failed: '])
    await writeFile(`${folder}/go`, '')
    await look.remove('ending', { gracePeriodSeconds: 1 })
    await look.gone('ending')
  })

  it('is ready when its gates are open, and says which are not', async () => {
    const conditionType = 'example.com/gate'
    await node.run('gated', { readinessGates: [{ conditionType }], containers: [{ name: 'main' }] })
    const ready = ({ status }: Pod) => status?.conditions?.find(({ type }) => type === 'Ready')
    const closed = await node.until('gated', (pod) => runs(pod) && ready(pod)?.reason === 'ReadinessGatesNotReady')
    expect(ready(closed)?.message).toBe(
      `corresponding condition of pod readiness gate "${conditionType}" does not exist.`,
    )
    expect(closed.status?.conditions?.find(({ type }) => type === 'ContainersReady')?.status).toBe('True')
    const set = (status: string) => {
      const body = { status: { conditions: [{ type: conditionType, status }] } }
      return node.client.patch(pods, 'gated', body, { type: 'strategic', subresource: 'status', namespace: 'default' })
    }
    await set('True')
    await node.until('gated', (pod) => ready(pod)?.status === 'True')
    await set('False')
    const shut = await node.until('gated', (pod) => ready(pod)?.status === 'False')
    expect(ready(shut)?.message).toBe(`the status of pod readiness gate "${conditionType}" is not "True", but False`)
  })

  it('starts sidecars before the rest, calls their hooks at once and ends them last, in reverse', async () => {
    const says = (text: string) => `echo ${text} >> /data/log`
    const sidecar = (name: string) => ({
      ...ofSidecar(
        name,
        `${says(`up-${name}`)}; trap '${says(`end-${name}`)}; exit 0' TERM; while :; do sleep 0.1; done`,
      ),
      volumeMounts,
      startupProbe: { exec: { command: ['grep', `up-${name}`, '/data/log'] }, periodSeconds: 1, timeoutSeconds: 30 },
      // each waits for the other one's
      lifecycle: {
        preStop: {
          exec: shell(`touch /data/hook-${name}; until test -e /data/hook-a -a -e /data/hook-b; do sleep 0.1; done`),
        },
      },
    })
    await node.run('sidecars', {
      terminationGracePeriodSeconds: 60,
      restartPolicy: 'Never',
      volumes: [{ name: 'data', hostPath: { path: `${node.rootDir}/sidecars`, type: 'DirectoryOrCreate' } }],
      initContainers: [sidecar('a'), sidecar('b')],
      containers: [
        {
          name: 'main',
          ...shell(`${says('main')}; until test -e /data/go; do sleep 0.1; done; ${says('end-main')}`),
          volumeMounts,
        },
      ],
    })
    const up = await node.until('sidecars', runs)
    await look.exec(idOf(up, 'main'), 'touch /data/go')
    const pod = await node.until('sidecars', over)
    expect(pod.status?.phase).toBe('Succeeded')
    expect(pod.status?.initContainerStatuses?.map(({ state }) => state?.terminated?.exitCode)).toEqual([0, 0])
    await node.run('sidecars-log', {
      restartPolicy: 'Never',
      volumes: [{ name: 'data', hostPath: { path: `${node.rootDir}/sidecars` } }],
      containers: [{ name: 'main', command: ['cat', '/data/log'], volumeMounts }],
    })
    const lines = await look.said(await node.until('sidecars-log', succeeded))
    expect(lines.trim().split('\n')).toEqual(['up-a', 'up-b', 'main', 'end-main', 'end-b', 'end-a'])
  })

  it('starts a sidecar again whatever its own policy is', async () => {
    await node.run('again', {
      restartPolicy: 'Never',
      volumes,
      initContainers: [
        { ...ofSidecar('side', 'test -e /data/been && exec sleep 1000; touch /data/been'), volumeMounts },
      ],
      containers: [{ name: 'main' }],
    })
    const pod = await node.until('again', (one) => statusOf(one, 'side')?.restartCount === 1 && runs(one))
    expect(statusOf(pod, 'side')).toMatchObject({ lastState: { terminated: { exitCode: 0 } } })
    expect(statusOf(pod, 'main')?.restartCount).toBe(0)
  })

  it('starts from its first init container when its sandbox is lost', async () => {
    await node.run('lost', {
      volumes,
      initContainers: [{ name: 'init', ...shell('echo x >> /data/log'), volumeMounts }],
      containers: [{ name: 'main', volumeMounts }],
    })
    const before = await node.until('lost', runs)
    const [sandbox] = await docker.listContainers({
      filters: { label: [`io.kubernetes.pod.uid=${before.metadata.uid}`, 'io.kubernetes.docker.type=podsandbox'] },
    })
    await docker.getContainer(sandbox?.Id ?? '').kill()
    const pod = await node.until('lost', (one) => statusOf(one, 'main')?.restartCount === 1 && runs(one))
    expect(await look.exec(idOf(pod, 'main'), 'cat /data/log')).toBe('x\nx\n')
    expect(await look.event('lost', 'SandboxChanged')).toBe('Pod sandbox changed, it will be killed and re-created.')
    expect(statusOf(pod, 'init')?.restartCount).toBe(1)
  })

  it('fails to start when its postStart hook does, and is started again', async () => {
    const postStart = { exec: shell('echo no; exit 3') }
    await node.run('hook', { containers: [{ name: 'main', lifecycle: { postStart } }] })
    await node.until('hook', (one) => statusOf(one)?.state?.waiting?.reason === 'PostStartHookError')
    expect(await look.event('hook', 'FailedPostStartHook')).toBe('PostStartHook failed')
    expect(await look.event('hook', 'Killing')).toBe('FailedPostStartHook')
    await node.until('hook', (one) => (statusOf(one)?.restartCount ?? 0) > 0)
    await look.remove('hook')
  })

  it('has a hook that fails before it ends, and ends all the same', async () => {
    const preStop = { exec: shell('exit 1') }
    await node.run('bad-stop', { containers: [{ name: 'main', lifecycle: { preStop } }] })
    await node.until('bad-stop', runs)
    await look.remove('bad-stop')
    expect(await look.event('bad-stop', 'FailedPreStopHook')).toBe('PreStopHook failed')
    await look.gone('bad-stop')
  })

  it('tells by which signals its containers ended', async () => {
    // the first process of a namespace is spared its own signals, and a dollar is two of them
    const by = (signal: string) => ({ name: signal.toLowerCase(), ...shell(`sh -c 'kill -${signal} $$$$'; exit $?`) })
    await node.run('signals', { restartPolicy: 'Never', containers: ['TERM', 'KILL', 'SEGV'].map(by) })
    const { status } = await node.until('signals', failed)
    expect(status?.containerStatuses?.map(({ name, state }) => [name, state?.terminated?.exitCode])).toEqual([
      ['kill', 137],
      ['segv', 139],
      ['term', 143],
    ])
    expect(status?.containerStatuses?.every(({ state }) => state?.terminated?.reason === 'Error')).toBe(true)
  })

  it('leaves last words where it says, of which the end counts', async () => {
    const to = (path: string) => ({ terminationMessagePath: path })
    const policy = { terminationMessagePolicy: 'FallbackToLogsOnError' }
    const words = { ...to('/dev/termination-log') }
    await node.run('words', {
      restartPolicy: 'Never',
      containers: [
        { name: 'own-path', ...to('/tmp/../last'), ...shell('echo -n bye > /last') },
        {
          name: 'long',
          ...words,
          ...shell('{ head -c 5000 /dev/zero | tr "\\000" x; echo -n end; } > /dev/termination-log'),
        },
        { name: 'by-log', ...policy, ...shell('seq 1 200; sleep 1; echo problem >&2; exit 1') },
      ],
    })
    await node.run('more-words', {
      restartPolicy: 'Never',
      containers: [
        { name: 'well', ...policy, ...shell('echo fine') },
        { name: 'both', ...policy, ...shell('echo log; echo -n file > /dev/termination-log; exit 1') },
      ],
    })
    const message = (pod: Pod, name: string) => statusOf(pod, name)?.state?.terminated?.message
    const pod = await node.until('words', over)
    expect(message(pod, 'own-path')).toBe('bye')
    expect(message(pod, 'long')).toBe(`${'x'.repeat(4093)}end`)
    // 80 lines
    const lines = message(pod, 'by-log')?.trim().split('\n') ?? []
    expect(lines).toHaveLength(80)
    expect([lines[0], lines.at(-2), lines.at(-1)]).toEqual(['122', '200', 'problem'])
    const more = await node.until('more-words', over)
    expect(message(more, 'well')).toBeUndefined()
    expect(message(more, 'both')).toBe('file')
  })

  it('shares the room for last words among its containers, which are told by name', async () => {
    const script = 'head -c 4096 /dev/zero | tr "\\000" x > /dev/termination-log'
    const names = ['d', 'b', 'a', 'c']
    await node.run('many-words', {
      restartPolicy: 'Never',
      containers: names.map((name) => ({ name, ...shell(script) })),
    })
    const { status } = await node.until('many-words', succeeded)
    expect(status?.containerStatuses?.map(({ name, state }) => [name, state?.terminated?.message?.length])).toEqual([
      ['a', 3072],
      ['b', 3072],
      ['c', 3072],
      ['d', 3072],
    ])
  })

  it('is called by the name that it asks for', async () => {
    const names: [string, Partial<PodSpec>, string][] = [
      [`${'n'.repeat(62)}-${'m'.repeat(20)}`, {}, 'n'.repeat(62)],
      ['named', { hostname: 'h', subdomain: 's' }, 'h'],
      ['named-whole', { hostname: 'h', subdomain: 's', setHostnameAsFQDN: true }, 'h.s.default.svc.cluster.local'],
      ['named-over', { hostname: 'h', hostnameOverride: 'over.example' }, 'over.example'],
    ]
    const main = { name: 'main', ...shell('hostname; cat /proc/sys/kernel/hostname') }
    for (const [name, spec, hostname] of names) {
      await node.run(name, { hostNetwork: false, restartPolicy: 'Never', ...spec, containers: [main] })
      expect(await look.said(await node.until(name, succeeded))).toBe(`${hostname}\n${hostname}\n`)
    }
  })

  it('waits when its whole name is too long', async () => {
    const hostname = 'h'.repeat(60)
    const spec = { hostNetwork: false, hostname, subdomain: 's', setHostnameAsFQDN: true }
    await node.run('too-long', { ...spec, containers: [{ name: 'main' }] })
    expect(await look.event('too-long', 'FailedCreatePodSandBox')).toBe(
      `Failed to create pod sandbox: failed to construct FQDN from pod hostname and cluster domain, FQDN ${hostname}.s.default.svc.cluster.local is too long (64 characters is the max, 88 characters requested)`,
    )
    expect(statusOf(await node.get('too-long'))?.state).toEqual({ waiting: { reason: 'ContainerCreating' } })
    await look.remove('too-long')
    await look.gone('too-long')
  })

  it('has the aliases and the resolver that it asks for', async () => {
    await node.run('resolving', {
      restartPolicy: 'Never',
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['192.0.2.53'], searches: ['example.com'], options: [{ name: 'ndots', value: '2' }] },
      hostAliases: [{ ip: '192.0.2.7', hostnames: ['one', 'two'] }],
      containers: [{ name: 'main', ...shell('cat /etc/resolv.conf; head -1 /etc/hosts; tail -2 /etc/hosts') }],
    })
    expect(await look.said(await node.until('resolving', succeeded))).toBe(
      'search example.com\nnameserver 192.0.2.53\noptions ndots:2\n# Kubernetes-managed hosts file (host network).\n' +
        '# Entries added by HostAliases.\n192.0.2.7\tone\ttwo\n',
    )
  })

  it("has the node's resolver when it asks for it, and when there is none of the cluster's, which is said", async () => {
    const own = (await readFile('/etc/resolv.conf', 'utf8')).split('\n').filter((line) => line.startsWith('nameserver'))
    const containers = [{ name: 'main', command: ['grep', 'nameserver', '/etc/resolv.conf'] }]
    for (const dnsPolicy of ['Default', 'ClusterFirst', 'ClusterFirstWithHostNet']) {
      const name = `by-${dnsPolicy.toLowerCase()}`
      await node.run(name, { restartPolicy: 'Never', dnsPolicy, containers })
      expect((await look.said(await node.until(name, succeeded))).trim().split('\n')).toEqual(own)
    }
    expect(await look.event('by-clusterfirstwithhostnet', 'MissingClusterDNS')).toContain(
      'Falling back to "Default" policy.',
    )
  })

  it('shares what it says of its namespaces', async () => {
    const script = 'for kind in pid ipc net; do readlink /proc/self/ns/$kind; done'
    const main = { name: 'main', ...shell(script) }
    const once = { restartPolicy: 'Never' }
    await Promise.all([
      node.run('alone', { ...once, hostNetwork: false, containers: [main] }),
      node.run('host', { ...once, hostPID: true, hostIPC: true, containers: [main] }),
      node.run('shared', {
        shareProcessNamespace: true,
        containers: [{ name: 'main' }, { name: 'other', ...shell('exec sleep 4711') }],
      }),
    ])
    const ours = await Promise.all(['pid', 'ipc', 'net'].map((kind) => readlink(`/proc/self/ns/${kind}`)))
    const alone = (await look.said(await node.until('alone', succeeded))).trim().split('\n')
    for (const [at, one] of ours.entries()) expect(alone[at]).not.toBe(one)
    const host = (await look.said(await node.until('host', succeeded))).trim().split('\n')
    expect(host).toEqual(ours)
    const shared = await node.until('shared', runs)
    expect(await look.exec(idOf(shared, 'main'), 'cat /proc/[0-9]*/cmdline | tr "\\000" " "')).toContain('sleep 4711')
  })

  it('tells what it has said as it is asked to', async () => {
    const script =
      'echo first; echo second >&2; sleep 2; echo third; echo fourth; test -e /data/been || { touch /data/been; exit 1; }; sleep 1000'
    const containers = [{ name: 'main', ...shell(script), volumeMounts }]
    await node.run('speaks', { volumes, containers })
    await node.until('speaks', (one) => statusOf(one)?.restartCount === 1 && runs(one))
    const ask = async (query: string): Promise<string[]> => {
      const pod = await node.get('speaks')
      const all = await node.runtime.listContainers({ podUid: pod.metadata.uid ?? '' }, signal)
      const options = parseLogQuery(new URLSearchParams(query), Date.parse(pod.metadata.creationTimestamp ?? ''))
      const log = await openLog(node.runtime, chooseContainer(pod, 'main', all, options.previous), options, signal)
      return (await text(log)).split('\n')
    }
    await waitFor(async () => (await ask('')).length === 5)
    const lines = ['first', 'second', 'third', 'fourth', '']
    expect((await ask('')).toSorted()).toEqual(lines.toSorted())
    expect((await ask('previous=true')).toSorted()).toEqual(lines.toSorted())
    expect(await ask('stream=Stdout')).toEqual(lines.filter((one) => one !== 'second'))
    expect(await ask('stream=Stderr')).toEqual(['second', ''])
    expect(await ask('tailLines=2')).toEqual(lines.slice(-3))
    expect(await ask('tailLines=0')).toEqual([''])
    expect(await ask('stream=Stdout&limitBytes=8')).toEqual(['first', 'th'])
    expect(await ask('sinceTime=2999-01-01T00:00:00Z')).toEqual([''])
    expect((await ask('timestamps=true&tailLines=1'))[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z fourth$/)
    await look.remove('speaks')
  })

  it('takes and gives much more than the kubelet holds', async () => {
    await node.run('streams', { containers: [{ name: 'main' }] })
    const id = idOf(await node.until('streams', runs))
    const script = 'until test -e /tmp/go; do sleep 0.1; done; wc -c; head -c 100000000 /dev/zero; touch /tmp/said'
    const options = { command: ['sh', '-c', script], stdin: true, stdout: true, stderr: true, tty: false }
    const session = await node.runtime.exec(id, options, signal)
    session.stderr?.resume()
    const stdin = session.stdin as Writable
    const chunk = Buffer.alloc(1 << 20)
    let given = 0
    const input = Readable.from(Array.from({ length: 100 }, () => chunk)).map((one: Buffer) => {
      given++
      return one
    })
    // its end is the end of the input alone
    const sent = pipeline(input, stdin)
    // nobody reads: what is given waits with its giver, however long that takes
    for (let i = 0; i < 5; i++) await look.exec(id, 'test ! -e /tmp/go')
    expect(given).toBeLessThan(50)
    await look.exec(id, 'touch /tmp/go')
    await sent
    let count = 0
    let begin = ''
    for await (const data of session.stdout as AsyncIterable<Buffer>) {
      if (count === 0) {
        begin = data.toString('latin1', 0, 10)
        // nobody reads here, either
        for (let i = 0; i < 5; i++) expect(await look.exec(id, 'ls /tmp')).toBe('go\n')
      }
      count += data.length
    }
    expect(begin).toBe('104857600\n')
    expect(count).toBe(100_000_010)
    expect(await session.done).toBe(0)
  })
})

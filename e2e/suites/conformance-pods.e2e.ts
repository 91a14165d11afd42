import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api } from '../harness/api.ts'
import { fetchText } from '../harness/http.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import {
  getPod,
  isReady,
  outputOf,
  podUntil,
  shell,
  startPod,
  type ContainerStatus,
  type Pod,
} from '../harness/pods.ts'
import { until } from '../harness/until.ts'

/** How Pods begin, live and end. */
describe.concurrent('a Pod', () => {
  let ns: Namespace
  let api: Api
  let count = 0
  const next = (): string => `p${String(count++)}`
  const path = (name = ''): string => `/api/v1/namespaces/${ns.name}/pods/${name}`
  const first = (pod: Pod): ContainerStatus | undefined => pod.status.containerStatuses?.[0]
  const sleeper = { containers: [{ name: 'main', ...shell('sleep 1000') }] }
  beforeAll(async () => {
    ns = await makeNamespace('lives')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  for (const [restartPolicy, entry, script, phase] of [
    ['Always', 'init-container-starts-app-restartalways-pod', 'sleep 1000', 'Running'],
    ['Never', 'init-container-starts-app-restartnever-pod', 'true', 'Succeeded'],
  ] as const)
    it(`of policy ${restartPolicy} runs its init containers before the others${covers(entry)}`, async () => {
      const name = next()
      await startPod(ns, name, {
        restartPolicy,
        initContainers: ['init1', 'init2'].map((one) => ({ name: one, ...shell('true') })),
        containers: [{ name: 'run1', ...shell(script) }],
      })
      const { status } = await podUntil(ns, name, `to be ${phase}`, (pod) => pod.status.phase === phase)
      expect(status.initContainerStatuses).toMatchObject(
        ['init1', 'init2'].map((one) => ({ name: one, ready: true, state: { terminated: { exitCode: 0 } } })),
      )
      expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Initialized', status: 'True' }))
      expect(status.containerStatuses).toMatchObject([
        { restartCount: 0, state: phase === 'Running' ? { running: {} } : { terminated: { exitCode: 0 } } },
      ])
    })
  it(`of policy Never fails with its init containers${covers('init-container-fails-stops-app-restartnever-pod')}`, async () => {
    const name = next()
    await startPod(ns, name, {
      restartPolicy: 'Never',
      initContainers: [
        { name: 'init1', ...shell('true') },
        { name: 'init2', ...shell('false') },
      ],
      containers: [{ name: 'run1', ...shell('true') }],
    })
    const { status } = await podUntil(ns, name, 'to fail', (pod) => pod.status.phase === 'Failed')
    expect(status.initContainerStatuses).toMatchObject([
      { state: { terminated: { exitCode: 0 } } },
      { state: { terminated: { exitCode: 1 } } },
    ])
    expect(status.containerStatuses).toMatchObject([
      { name: 'run1', restartCount: 0, state: { waiting: { reason: 'PodInitializing' } } },
    ])
  })
  it(`of policy Always tries its init containers again${covers('init-container-fails-stops-app-restartalways-pod')}`, async () => {
    const name = next()
    await startPod(ns, name, {
      initContainers: [
        { name: 'init1', ...shell('false') },
        { name: 'init2', ...shell('true') },
      ],
      containers: [{ name: 'run1', ...shell('sleep 1000') }],
    })
    const restarted = (pod: Pod): boolean => (pod.status.initContainerStatuses?.[0]?.restartCount ?? 0) >= 3
    const { status } = await podUntil(ns, name, 'to try again', restarted, 120_000)
    expect(status.phase).toBe('Pending')
    expect(status.initContainerStatuses?.[1]).toMatchObject({ ready: false, restartCount: 0, state: { waiting: {} } })
    expect(status.containerStatuses).toMatchObject([
      { name: 'run1', state: { waiting: { reason: 'PodInitializing' } } },
    ])
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Initialized', status: 'False' }))
  })

  for (const [what, entry, container, message] of [
    [
      'nothing from the log of a success',
      'Container Runtime, TerminationMessage, from log output of succeeding container',
      { ...shell('echo DONE') },
      undefined,
    ],
    [
      'the file of a success',
      'Container Runtime, TerminationMessage, from file of succeeding container',
      { ...shell('echo -n OK > /dev/termination-log') },
      'OK',
    ],
    [
      'the log of a failure',
      "Container Runtime, TerminationMessage, from container's log output of failing container",
      { ...shell('echo -n DONE; exit 1') },
      'DONE',
    ],
    [
      'the file of a user at a path of its own',
      'Container Runtime, TerminationMessagePath, non-root user and non-default path',
      {
        ...shell('echo -n DONE > /dev/termination-custom-log'),
        terminationMessagePath: '/dev/termination-custom-log',
        securityContext: { runAsUser: 1000 },
      },
      'DONE',
    ],
  ] as const)
    it(`ends with ${what} as its message${covers(entry)}`, async () => {
      const name = next()
      await startPod(ns, name, {
        restartPolicy: 'Never',
        containers: [{ name: 'main', terminationMessagePolicy: 'FallbackToLogsOnError', ...container }],
      })
      const pod = await podUntil(ns, name, 'to end', (now) => first(now)?.state.terminated !== undefined)
      expect(first(pod)?.state.terminated?.message).toBe(message)
    })

  it(`is started again as its policy says${covers('Container Runtime, Restart Policy, Pod Phases')}`, async () => {
    const run = async (restartPolicy: string, done: (pod: Pod) => boolean): Promise<Pod> => {
      const name = next()
      // Fails at its first start, succeeds at the second; after that it runs on under Always.
      const script =
        'if test ! -e /v/1; then touch /v/1; exit 1; elif test ! -e /v/2; then touch /v/2; exit 0; fi; sleep 1000'
      await startPod(ns, name, {
        restartPolicy,
        volumes: [{ name: 'v', emptyDir: {} }],
        containers: [{ name: 'main', ...shell(script), volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
      })
      return podUntil(ns, name, 'to get there', done, 120_000)
    }
    const phase = (wanted: string) => (pod: Pod) => pod.status.phase === wanted
    const [always, onFailure, never] = await Promise.all([
      run('Always', (pod) => first(pod)?.restartCount === 2 && isReady(pod)),
      run('OnFailure', phase('Succeeded')),
      run('Never', phase('Failed')),
    ])
    expect(first(always)).toMatchObject({ ready: true, restartCount: 2, state: { running: {} } })
    expect(always.status.phase).toBe('Running')
    expect(first(onFailure)).toMatchObject({ ready: false, restartCount: 1, state: { terminated: { exitCode: 0 } } })
    expect(first(never)).toMatchObject({ ready: false, restartCount: 0, state: { terminated: { exitCode: 1 } } })
  })

  it(`that always fails says why and can be deleted${covers('Kubelet, failed pod, terminated reason', 'Kubelet, failed pod, delete')}`, async () => {
    const name = next()
    // test/e2e/common/node/kubelet.go: with another policy it would wait to be started again in the next moment
    await startPod(ns, name, { restartPolicy: 'Never', containers: [{ name: 'main', ...shell('false') }] })
    const ended = (pod: Pod): boolean => first(pod)?.state.terminated?.reason === 'Error'
    expect((await podUntil(ns, name, 'to have failed', ended)).status.containerStatuses).toHaveLength(1)
    await ns.kubectl(['delete', 'pod', name, '--timeout=170s'])
    expect((await ns.try(['get', 'pod', name])).stderr).toContain('NotFound')
  })

  it(`tells by its QoS class how it asks for resources${covers('Pods, QOS')}`, async () => {
    const name = next()
    const resources = { cpu: '100m', memory: '100Mi' }
    await startPod(ns, name, {
      containers: [{ name: 'main', ...shell('sleep 1000'), resources: { requests: resources, limits: resources } }],
    })
    expect((await getPod(ns, name)).status.qosClass).toBe('Guaranteed')
  })
  it(`has the address of its host${covers('Pods, assigned hostip')}`, async () => {
    const name = next()
    await startPod(ns, name, sleeper)
    const { status } = await podUntil(ns, name, 'to run', (pod) => pod.status.phase === 'Running')
    expect(status.hostIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
  })
  it(`is found by its labels, old and new${covers('Pods, update')}`, async () => {
    const name = next()
    await startPod(ns, name, sleeper, { labels: { time: name } })
    expect(await ns.kubectl(['get', 'pods', '-l', `time=${name}`, '-o', 'name'])).toBe(`pod/${name}\n`)
    await ns.kubectl(['label', 'pod', name, `time=${name}-new`, '--overwrite'])
    expect(await ns.kubectl(['get', 'pods', '-l', `time=${name}-new`, '-o', 'name'])).toBe(`pod/${name}\n`)
    expect(await ns.kubectl(['get', 'pods', '-l', `time=${name}`, '-o', 'name'])).toBe('')
  })
  it(`is submitted, watched and removed${covers('Pods, lifecycle')}`, async () => {
    const name = next()
    const { metadata } = await api.call<{ metadata: { resourceVersion: string } }>('GET', path())
    const watch = api.watch(
      `${path()}?watch=true&resourceVersion=${metadata.resourceVersion}&labelSelector=time%3D${name}`,
    )
    try {
      await startPod(ns, name, { ...sleeper, terminationGracePeriodSeconds: 5 }, { labels: { time: name } })
      expect(await ns.kubectl(['get', 'pods', '-l', `time=${name}`, '-o', 'name'])).toBe(`pod/${name}\n`)
      await podUntil(ns, name, 'to run', (pod) => pod.status.phase === 'Running')
      await ns.kubectl(['delete', 'pod', name, '--wait=false'])
      await until('its deletion', async () => (watch.events.some((one) => one.type === 'DELETED') ? true : undefined))
      expect(watch.events[0]?.type).toBe('ADDED')
      expect(watch.events.find((one) => one.type === 'MODIFIED' && one.object.metadata.deletionTimestamp)).toBeDefined()
      expect(await ns.kubectl(['get', 'pods', '-l', `time=${name}`, '-o', 'name'])).toBe('')
    } finally {
      watch.stop()
    }
  })
  it(`is deleted with all of its label${covers('Pods, delete a collection')}`, async () => {
    const label = next()
    for (const n of ['1', '2', '3']) await startPod(ns, `${label}-${n}`, sleeper, { labels: { type: label } })
    const labelled = (): Promise<Pod[]> => ns.list('pods', `type=${label}`)
    expect(await labelled()).toHaveLength(3)
    await api.call('DELETE', `${path()}?labelSelector=type%3D${label}`)
    await until('all to be gone', async () => ((await labelled()).length === 0 ? true : undefined))
  })
  it(`ends at its deadline${covers('Pods, ActiveDeadlineSeconds')}`, async () => {
    const name = next()
    await startPod(ns, name, sleeper, { labels: { time: name } })
    await podUntil(ns, name, 'to run', (pod) => pod.status.phase === 'Running')
    expect(await ns.kubectl(['get', 'pods', '-l', `time=${name}`, '-o', 'name'])).toBe(`pod/${name}\n`)
    await ns.kubectl(['patch', 'pod', name, '-p', '{"spec":{"activeDeadlineSeconds":5}}'])
    const { status } = await podUntil(ns, name, 'to fail', (pod) => pod.status.phase === 'Failed')
    expect(status.reason).toBe('DeadlineExceeded')
  })
  it(`has a status that can be patched${covers('Pods, patching status')}`, async () => {
    const name = next()
    await startPod(ns, name, sleeper)
    await podUntil(ns, name, 'to run', (pod) => pod.status.phase === 'Running')
    const status = { message: 'Patched by a test', reason: 'Patched' }
    expect(await api.call('PATCH', `${path(name)}/status`, { status })).toMatchObject({ status })
  })
  it(`is patched, its status replaced, and deleted${covers('Pods, completes the lifecycle of a Pod and the PodStatus')}`, async () => {
    const name = next()
    await startPod(ns, name, sleeper, { labels: { 'test-pod-static': 'true' } })
    await podUntil(ns, name, 'to be ready', isReady)
    const patch = {
      metadata: { labels: { 'test-pod': 'patched' } },
      spec: { containers: [{ name: 'main', image: 'kubets/web:1' }] },
    }
    await ns.kubectl(['patch', 'pod', name, '-p', JSON.stringify(patch)])
    expect(await getPod(ns, name)).toMatchObject(patch)
    const condition = { type: 'Tried', status: 'True', lastProbeTime: null, lastTransitionTime: '2026-01-01T00:00:00Z' }
    await until('its status to be replaced', async () => {
      const now = await api.call<{ status: { conditions: object[] } }>('GET', `${path(name)}/status`)
      const status = { ...now.status, conditions: [...now.status.conditions, condition] }
      const { code, body } = await api.send('PUT', `${path(name)}/status`, { ...now, status })
      if (code === 409) return undefined
      expect(body).toMatchObject({
        status: { conditions: expect.arrayContaining([expect.objectContaining({ type: 'Tried' })]) as unknown },
      })
      return true
    })
    await ns.kubectl(['delete', 'pod', name, '--timeout=170s'])
    expect((await ns.try(['get', 'pod', name])).stderr).toContain('NotFound')
  })
  it(`has a generation that counts its changes${covers('Pods Generation, updates')}`, async () => {
    const name = next()
    await startPod(ns, name, { ...sleeper, activeDeadlineSeconds: 5000 })
    const observed =
      (generation: number) =>
      (pod: Pod): boolean =>
        pod.metadata.generation === generation && pod.status.observedGeneration === generation
    await podUntil(ns, name, 'to be seen', observed(1))
    for (const [patch, generation] of [
      ['{"metadata":{"labels":{"a":"b"}}}', 1],
      ['{"spec":{"activeDeadlineSeconds":4000}}', 2],
      ['{"spec":{"activeDeadlineSeconds":3000}}', 3],
      ['{"spec":{"tolerations":[{"key":"a","operator":"Exists"}]}}', 4],
    ] as const) {
      await ns.kubectl(['patch', 'pod', name, '--type=merge', '-p', patch])
      await podUntil(ns, name, `to be of generation ${String(generation)}`, observed(generation))
    }
  })
  it(`has a generation that is seen in the end, after many changes${covers('Pods Generation, 500 updates')}`, async () => {
    const name = next()
    await startPod(ns, name, { ...sleeper, activeDeadlineSeconds: 5000 })
    await podUntil(ns, name, 'to run', ({ status }) => status.phase === 'Running')
    for (let left = 4999; left > 4500; left--) {
      await until('an update', async () => {
        const pod = await api.call('GET', path(name))
        const body = { ...pod, spec: { ...(pod['spec'] as object), activeDeadlineSeconds: left } }
        return (await api.send('PUT', path(name), body)).code === 200 ? true : undefined
      })
    }
    const seen = await podUntil(ns, name, 'to be seen', ({ status }) => status.observedGeneration === 500)
    expect(seen.metadata.generation).toBe(500)
  })
  it(`has a new generation when it is to go${covers('Pods Generation, graceful delete')}`, async () => {
    const name = next()
    await ns.kubectl(['create', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, generation: 100 },
        spec: { ...sleeper, terminationGracePeriodSeconds: 10 },
      }),
    })
    await podUntil(ns, name, 'to run', (pod) => pod.status.phase === 'Running')
    expect((await getPod(ns, name)).metadata.generation).toBe(1)
    await ns.kubectl(['delete', 'pod', name, '--wait=false'])
    expect((await getPod(ns, name)).metadata.generation).toBe(2)
  })

  it(`is called after its start and before its end${covers(
    'Pod Lifecycle, post start exec hook',
    'Pod Lifecycle, post start http hook',
    'Pod Lifecycle, prestop exec hook',
    'Pod Lifecycle, prestop http hook',
    'Pods, prestop hook',
  )}`, async () => {
    const server = next()
    const record = [
      '#!/bin/sh',
      'echo "$QUERY_STRING" >> /tmp/calls',
      'printf "Content-Type: text/plain\\r\\n\\r\\nok"',
    ]
    const encoded = Buffer.from(`${record.join('\n')}\n`).toString('base64')
    const page = '/w/cgi-bin/call'
    const script = `mkdir -p /w/cgi-bin; touch /tmp/calls; echo ${encoded} | base64 -d > ${page}; chmod +x ${page}; exec httpd -f -p 8080 -h /w`
    await startPod(ns, server, { containers: [{ name: 'main', ...shell(script) }] })
    const { status } = await podUntil(ns, server, 'to be ready', isReady)
    // a hook that fails after the start would end the container, and so call the other hook
    await until('the server of the hooks', () => fetchText(`http://${status.podIP}:8080/cgi-bin/call?hello`))
    const calls = (): Promise<string> => ns.kubectl(['exec', server, '--', 'cat', '/tmp/calls'])
    const handler = (kind: 'exec' | 'http', what: string): object =>
      kind === 'exec'
        ? { exec: { command: ['sh', '-c', `wget -qO- http://${status.podIP}:8080/cgi-bin/call?${what}-by-exec`] } }
        : { httpGet: { host: status.podIP, port: 8080, path: `/cgi-bin/call?${what}-by-http` } }
    for (const kind of ['exec', 'http'] as const) {
      const name = next()
      await startPod(ns, name, {
        terminationGracePeriodSeconds: 15,
        containers: [
          {
            name: 'main',
            ...shell('trap "exit 0" TERM; while :; do sleep 0.1; done'),
            lifecycle: { postStart: handler(kind, 'started'), preStop: handler(kind, 'stopping') },
          },
        ],
      })
      await podUntil(ns, name, 'to be ready', isReady)
      await until('the call after the start', async () =>
        (await calls()).includes(`started-by-${kind}`) ? true : undefined,
      )
      expect(await calls()).not.toContain(`stopping-by-${kind}`)
      await ns.kubectl(['delete', 'pod', name, '--timeout=170s'])
      await until('the call before the end', async () =>
        (await calls()).includes(`stopping-by-${kind}`) ? true : undefined,
      )
    }
  })
  it(`reads and writes subpaths of its variables${covers('VolumeSubpathEnvExpansion, subpath expansion')}`, async () => {
    const name = next()
    const output = await outputOf(ns, name, {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        {
          name: 'main',
          ...shell('echo here > /sub/file; cat /all/$POD_NAME/file'),
          env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          volumeMounts: [
            { name: 'v', mountPath: '/sub', subPathExpr: '$(POD_NAME)' },
            { name: 'v', mountPath: '/all' },
          ],
        },
      ],
    })
    expect(output).toBe('here\n')
  })
})

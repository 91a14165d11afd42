import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { makeNamespace, nodes, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { until } from '../harness/until.ts'

const image = 'kubets/busybox:1'
const shell = (script: string): { image: string; command: string[] } => ({ image, command: ['sh', '-c', script] })

interface ContainerStatus {
  readonly name: string
  readonly restartCount: number
  readonly ready: boolean
  readonly state: {
    readonly waiting?: { reason: string; message?: string }
    readonly running?: object
    readonly terminated?: { exitCode: number; reason: string; message?: string }
  }
  readonly lastState?: ContainerStatus['state']
}

interface PodStatus {
  readonly phase: string
  readonly reason?: string
  readonly message?: string
  readonly qosClass: string
  readonly conditions: { type: string; status: string; reason?: string; message?: string }[]
  readonly containerStatuses?: ContainerStatus[]
  readonly initContainerStatuses?: ContainerStatus[]
}

/** Pods by themselves: every case applies one and looks at what it says and does. */
describe('Pods', () => {
  let ns: Namespace

  beforeAll(async () => {
    ns = await makeNamespace('pods')
  })
  afterAll(() => removeNamespace(ns))

  const start = (name: string, spec: object): Promise<string> =>
    ns.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { pod: name } },
      spec: { terminationGracePeriodSeconds: 1, ...spec },
    })
  const status = async (name: string): Promise<PodStatus> => (await ns.get<{ status: PodStatus }>('pods', name)).status
  const phase = (name: string, wanted: string): Promise<PodStatus> =>
    until(`Pod ${name} to be ${wanted}`, async () => {
      const now = await status(name)
      return now.phase === wanted ? now : undefined
    })
  const events = (name: string): Promise<string> =>
    ns.kubectl(['get', 'events', '--field-selector', `involvedObject.name=${name}`])

  it(`run init containers one after another before the others, over a shared volume${covers('init-container-starts-app-restartnever-pod')}`, async () => {
    const volumeMounts = [{ name: 'work', mountPath: '/shared' }]
    await start('init', {
      restartPolicy: 'Never',
      volumes: [{ name: 'work', emptyDir: {} }],
      initContainers: [
        { name: 'one', ...shell('echo one >> /shared/log'), volumeMounts },
        { name: 'two', ...shell('echo two >> /shared/log'), volumeMounts },
      ],
      containers: [{ name: 'main', ...shell('cat /shared/log'), volumeMounts }],
    })
    const ended = await phase('init', 'Succeeded')
    expect(await ns.kubectl(['logs', 'init'])).toBe('one\ntwo\n')
    expect(ended.initContainerStatuses?.map((one) => one.state.terminated?.reason)).toEqual(['Completed', 'Completed'])
  })

  it('share one network, and hear their environment and files', async () => {
    await ns.kubectl([
      'create',
      'configmap',
      'conf',
      '--from-literal=key=from-configmap',
      '--from-literal=file.txt=a file',
    ])
    await ns.kubectl(['create', 'secret', 'generic', 'sec', '--from-literal=password=s3cret'])
    await start('env', {
      restartPolicy: 'Never',
      volumes: [
        { name: 'conf', configMap: { name: 'conf' } },
        { name: 'sec', secret: { secretName: 'sec', defaultMode: 0o400 } },
        { name: 'mem', emptyDir: { medium: 'Memory' } },
        { name: 'host', hostPath: { path: '/etc/hostname', type: 'File' } },
        { name: 'info', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      ],
      containers: [
        { name: 'server', ...shell('echo hello > /tmp/index.html; timeout 20 httpd -f -p 8080 -h /tmp') },
        {
          name: 'main',
          ...shell(
            [
              'echo "$PLAIN $COMPOSED $FROM_CONF $password $POD_NAME $CPU"',
              'cat /conf/file.txt /sec/password; echo',
              'stat -L -c %a /sec/password',
              'cat /info/labels; echo',
              'test -s /host && echo host',
              'mount | grep -c "on /mem type tmpfs"',
              'mount | grep -c "on /sec type tmpfs"',
              'test -s /var/run/secrets/kubernetes.io/serviceaccount/token && echo token',
              'until wget -qO- http://127.0.0.1:8080/; do sleep 0.2; done',
            ].join('; '),
          ),
          env: [
            { name: 'PLAIN', value: 'plain' },
            { name: 'COMPOSED', value: '$(PLAIN)-$(NOBODY)-$$(PLAIN)' },
            { name: 'FROM_CONF', valueFrom: { configMapKeyRef: { name: 'conf', key: 'key' } } },
            { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
          ],
          envFrom: [{ secretRef: { name: 'sec' } }],
          resources: { limits: { cpu: '100m' } },
          volumeMounts: [
            { name: 'conf', mountPath: '/conf' },
            { name: 'sec', mountPath: '/sec' },
            { name: 'mem', mountPath: '/mem' },
            { name: 'host', mountPath: '/host' },
            { name: 'info', mountPath: '/info' },
          ],
        },
      ],
    })
    await until('the main container to end', async () => {
      const main = (await status('env')).containerStatuses?.find((one) => one.name === 'main')
      return main?.state.terminated ? true : undefined
    })
    expect(await ns.kubectl(['logs', 'env', '-c', 'main'])).toBe(
      'plain plain-$(NOBODY)-$(PLAIN) from-configmap s3cret env 100\na files3cret\n400\npod="env"\nhost\n1\n1\ntoken\nhello\n',
    )
  })

  it(`see a changed ConfigMap in their volume${covers('ConfigMap Volume, update')}`, async () => {
    await ns.kubectl(['create', 'configmap', 'live', '--from-literal=v=old'])
    await start('live', {
      volumes: [{ name: 'v', configMap: { name: 'live' } }],
      containers: [{ name: 'main', ...shell('sleep 1000'), volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    })
    await phase('live', 'Running')
    expect(await ns.kubectl(['exec', 'live', '--', 'cat', '/v/v'])).toBe('old')
    await ns.kubectl(['patch', 'configmap', 'live', '-p', '{"data":{"v":"new"}}'])
    await until('the new value', async () =>
      (await ns.kubectl(['exec', 'live', '--', 'cat', '/v/v'])) === 'new' ? true : undefined,
    )
  })

  it('that keep dying are started again with growing back-off, and say so', async () => {
    await start('dying', { containers: [{ name: 'main', ...shell('exit 3') }] })
    const waiting = await until('CrashLoopBackOff with a 20 s pause', async () => {
      const container = (await status('dying')).containerStatuses?.[0]
      const { reason, message } = container?.state.waiting ?? {}
      return reason === 'CrashLoopBackOff' && message?.startsWith('back-off 20s') ? container : undefined
    })
    expect(waiting.restartCount).toBeGreaterThanOrEqual(2)
    expect(waiting.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' })
    expect(waiting.state.waiting?.message).toMatch(
      /^back-off 20s restarting failed container=main pod=dying_\S+\(\S+\)$/,
    )
    expect(await ns.kubectl(['get', 'pod', 'dying'])).toMatch(/CrashLoopBackOff|Error/)
    expect(await events('dying')).toContain('Back-off restarting failed container')
  })

  it('end as their restart policy says', async () => {
    await start('never-fails', { restartPolicy: 'Never', containers: [{ name: 'main', ...shell('exit 4') }] })
    await start('on-failure', { restartPolicy: 'OnFailure', containers: [{ name: 'main', ...shell('exit 0') }] })
    const failed = await phase('never-fails', 'Failed')
    expect(failed.containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 4, reason: 'Error' })
    expect((await phase('on-failure', 'Succeeded')).containerStatuses?.[0]?.restartCount).toBe(0)
  })

  it('are restarted by a failing liveness probe and kept out of service by a failing readiness probe', async () => {
    await start('probed', {
      containers: [
        {
          name: 'main',
          ...shell('touch /tmp/alive; sleep 1000'),
          livenessProbe: {
            exec: { command: ['cat', '/tmp/alive'] },
            periodSeconds: 1,
            failureThreshold: 2,
            timeoutSeconds: 5,
          },
          readinessProbe: { tcpSocket: { port: 9 }, periodSeconds: 1 },
        },
      ],
    })
    const running = await phase('probed', 'Running')
    expect(running.conditions.find((one) => one.type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
    })
    await ns.kubectl(['exec', 'probed', '--', 'rm', '/tmp/alive'])
    await until('the restart', async () =>
      (await status('probed')).containerStatuses?.[0]?.restartCount === 1 ? true : undefined,
    )
    await until('the event', async () =>
      /Unhealthy.*Liveness probe failed/.test(await events('probed')) ? true : undefined,
    )
  })

  it('that ask for too much wait and say why', async () => {
    await start('greedy', { containers: [{ name: 'main', image, resources: { requests: { cpu: '1000' } } }] })
    const pending = await until('the reason', async () => {
      const condition = (await status('greedy')).conditions?.find((one) => one.type === 'PodScheduled')
      return condition?.status === 'False' ? condition : undefined
    })
    expect(pending.reason).toBe('Unschedulable')
    expect(pending.message).toMatch(/^0\/\d+ nodes are available: 1 Insufficient cpu[.,]/)
    await until('the event', async () => ((await events('greedy')).includes('FailedScheduling') ? true : undefined))
  })

  it('whose image is missing say ErrImagePull, then ImagePullBackOff', async () => {
    await start('noimage', { containers: [{ name: 'main', image: '127.0.0.1:1/no/such:image' }] })
    const reasons = new Set<string>()
    await until('ImagePullBackOff', async () => {
      const waiting = (await status('noimage')).containerStatuses?.[0]?.state.waiting
      if (waiting) reasons.add(waiting.reason)
      return reasons.has('ImagePullBackOff') ? true : undefined
    })
    await until('the event', async () => (/ErrImagePull/.test(await events('noimage')) ? true : undefined))
    expect(await events('noimage')).toContain('127.0.0.1:1')
  })

  it('are killed for taking too much memory, by name', async () => {
    await start('oom', {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'main',
          ...shell('head -c 200m /dev/zero | tail > /dev/null; exit 1'),
          resources: { limits: { memory: '16Mi' } },
        },
      ],
    })
    const ended = await phase('oom', 'Failed')
    expect(ended.containerStatuses?.[0]?.state.terminated?.reason).toMatch(/OOMKilled|Error/)
    expect(ended.qosClass).toBe('Burstable')
  })

  it('are refused by their node, by name, when it cannot take them', async () => {
    const nodeName = (await nodes())[0]?.metadata.name ?? ''
    const containers = [{ name: 'main', ...shell('sleep 600') }]
    const resources = { requests: { cpu: '5000' } }
    await start('too-big', { nodeName, containers: [{ ...containers[0], resources }] })
    await start('elsewhere', { nodeName, nodeSelector: { none: 'such' }, containers })
    const big = await phase('too-big', 'Failed')
    const lacking =
      /^Pod was rejected: Node didn't have enough resource: cpu, requested: 5000000, used: \d+, capacity: \d+$/
    expect(big).toMatchObject({ reason: 'OutOfcpu', qosClass: 'Burstable' })
    expect(big.message).toMatch(lacking)
    expect(big.containerStatuses).toBeUndefined()
    const affinity = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    const message = `Pod was rejected: ${affinity}`
    expect(await phase('elsewhere', 'Failed')).toMatchObject({ reason: 'NodeAffinity', message })
    await until('the events to say so', async () =>
      (await events('too-big')).includes('OutOfcpu') && (await events('elsewhere')).includes(affinity)
        ? true
        : undefined,
    )
    await ns.kubectl(['delete', 'pod', 'too-big', 'elsewhere', '--timeout=170s'], { timeoutMs: 180_000 })
  })

  it('get their grace period on deletion', async () => {
    await start('graceful', {
      terminationGracePeriodSeconds: 20,
      containers: [{ name: 'main', ...shell('trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done') }],
    })
    await until('it to be up', async () => ((await ns.kubectl(['logs', 'graceful'])).includes('up') ? true : undefined))
    const began = performance.now()
    await ns.kubectl(['delete', 'pod', 'graceful', '--timeout=170s'], { timeoutMs: 180_000 })
    process.stdout.write(`deleting a graceful Pod took ${String(Math.round(performance.now() - began))} ms\n`)
    expect((await ns.try(['get', 'pod', 'graceful'])).stderr).toContain('NotFound')
  })
})

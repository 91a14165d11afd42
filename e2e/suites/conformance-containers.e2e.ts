import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { makeNamespace, removeNamespace, type Namespace, nodes } from '../harness/namespace.ts'
import { busybox, getPod, isReady, outputOf, podUntil, shell, startPod } from '../harness/pods.ts'

/** What a container is started with: its command, environment, user and files. */
describe.concurrent('a container', () => {
  let ns: Namespace
  let count = 0
  const next = (): string => `c${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('containers')
  })
  afterAll(() => removeNamespace(ns))

  const run = (container: object, spec: object = {}, name = next()): Promise<string> =>
    outputOf(ns, name, { ...spec, containers: [{ name: 'main', image: busybox, ...container }] })

  it(`runs what the image says${covers('Containers, without command and arguments')}`, async () => {
    const pod = next()
    await startPod(ns, pod, { containers: [{ name: 'main', image: 'kubets/web:1' }] })
    await podUntil(ns, pod, 'to run', ({ status }) => status.phase === 'Running')
    expect(await ns.kubectl(['exec', pod, '--', 'sh', '-c', 'tr "\\0" " " < /proc/1/cmdline'])).toMatch(
      /^httpd .*-p 8080/,
    )
  })
  it(`runs arguments in place of the image's${covers('Containers, with arguments')}`, async () => {
    expect(await run({ args: ['echo', 'override', 'arguments'] })).toBe('override arguments\n')
  })
  it(`runs a command in place of the image's${covers('Containers, with command')}`, async () => {
    expect(await run({ command: ['/bin/hostname'] }, {}, 'by-command')).toBe('by-command\n')
  })
  it(`runs a command with arguments${covers('Containers, with command and arguments')}`, async () => {
    expect(await run({ command: ['/bin/echo'], args: ['override', 'arguments'] })).toBe('override arguments\n')
  })

  const env = [
    { name: 'FOO', value: 'foo-value' },
    { name: 'BAR', value: 'bar-value' },
    { name: 'FOOBAR', value: '$(FOO);;$(BAR)' },
  ]
  it(`has variables made of variables${covers('Environment variables, expansion')}`, async () => {
    expect(await run({ ...shell('echo "$FOO $BAR $FOOBAR"'), env })).toBe('foo-value bar-value foo-value;;bar-value\n')
  })
  it(`has variables in its command${covers('Environment variables, command expansion')}`, async () => {
    expect(await run({ command: ['sh', '-c', "echo '$(FOO) $(FOOBAR) $$(FOO)'"], env })).toBe(
      'foo-value foo-value;;bar-value $(FOO)\n',
    )
  })
  it(`has variables in its arguments${covers('Environment variables, command argument expansion')}`, async () => {
    expect(await run({ command: ['echo'], args: ['$(BAR)', '$(NONE)'], env })).toBe('bar-value $(NONE)\n')
  })

  it(`has the values of a ConfigMap${covers('ConfigMap, from environment field', 'ConfigMap, from environment variables')}`, async () => {
    const name = next()
    await ns.kubectl(['create', 'configmap', name, '--from-literal=data_1=value-1', '--from-literal=data_2=value-2'])
    const output = await run({
      ...shell('echo "$ONE $data_1 $data_2 $p_data_1"'),
      env: [{ name: 'ONE', valueFrom: { configMapKeyRef: { name, key: 'data_1' } } }],
      envFrom: [{ configMapRef: { name } }, { prefix: 'p_', configMapRef: { name } }],
    })
    expect(output).toBe('value-1 value-1 value-2 value-1\n')
  })
  it(`has the values of a Secret${covers(
    'Secrets, pod environment field',
    '[sig-node] Secrets should be consumable via the environment [Conformance] [NodeConformance]',
  )}`, async () => {
    const name = next()
    await ns.kubectl([
      'create',
      'secret',
      'generic',
      name,
      '--from-literal=data_1=value-1',
      '--from-literal=data_2=value-2',
    ])
    const output = await run({
      ...shell('echo "$ONE $data_1 $data_2 $p_data_1"'),
      env: [{ name: 'ONE', valueFrom: { secretKeyRef: { name, key: 'data_1' } } }],
      envFrom: [{ secretRef: { name } }, { prefix: 'p_', secretRef: { name } }],
    })
    expect(output).toBe('value-1 value-1 value-2 value-1\n')
  })
  for (const [kind, entry, reference] of [
    ['configmap', 'ConfigMap, from environment field with various prefixes', 'configMapRef'],
    [
      'secret',
      '[sig-node] Secrets should be consumable as environment variable names variable names with various prefixes [Conformance]',
      'secretRef',
    ],
  ] as const)
    it(`has the values of a ${kind} under any prefix${covers(entry)}`, async () => {
      const name = next()
      const create = kind === 'secret' ? ['secret', 'generic'] : ['configmap']
      await ns.kubectl(['create', ...create, name, '--from-literal=data_1=value-1', '--from-literal=data_2=value-2'])
      const prefixes = ['', 'p_', '1-', '$_', '#!@.', 'a b:']
      const output = await run({
        command: ['env'],
        envFrom: prefixes.map((prefix) => ({ prefix, [reference]: { name } })),
      })
      for (const prefix of prefixes)
        for (const [key, value] of [
          ['data_1', 'value-1'],
          ['data_2', 'value-2'],
        ] as const)
          expect(output.split('\n')).toContain(`${prefix}${key}=${value}`)
    })

  const field = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } })
  it(`hears of its Pod and host${covers(
    'DownwardAPI, environment for name, namespace and ip',
    'DownwardAPI, environment for host ip',
    'DownwardAPI, environment for hostIPs',
    'DownwardAPI, environment for Pod UID',
  )}`, async () => {
    const name = next()
    const output = await run(
      {
        ...shell('echo "$NAME $NAMESPACE $IP $HOST $HOSTS $ID"'),
        env: [
          field('NAME', 'metadata.name'),
          field('NAMESPACE', 'metadata.namespace'),
          field('IP', 'status.podIP'),
          field('HOST', 'status.hostIP'),
          field('HOSTS', 'status.hostIPs'),
          field('ID', 'metadata.uid'),
        ],
      },
      {},
      name,
    )
    const { metadata, status } = await getPod(ns, name)
    expect(status.podIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
    expect(output).toBe(`${name} ${ns.name} ${status.podIP} ${status.hostIP} ${status.hostIP} ${metadata.uid}\n`)
  })
  const resourceEnv = (['limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'] as const).map((resource) => ({
    name: resource.replace('.', '_'),
    valueFrom: { resourceFieldRef: { resource, divisor: resource.endsWith('cpu') ? '1m' : '1Ki' } },
  }))
  const resourceEcho = 'echo "$limits_cpu $limits_memory $requests_cpu $requests_memory"'
  it(`hears of its resources${covers('DownwardAPI, environment for CPU and memory limits and requests')}`, async () => {
    const resources = { limits: { cpu: '250m', memory: '64Mi' }, requests: { cpu: '50m', memory: '32Mi' } }
    expect(await run({ ...shell(resourceEcho), resources, env: resourceEnv })).toBe('250 65536 50 32768\n')
  })
  it(`hears of the node's resources where it has no limits${covers('DownwardAPI, environment for default CPU and memory limits and requests')}`, async () => {
    const [cpu, memory] = (await run({ ...shell(resourceEcho), env: resourceEnv.slice(0, 2) })).trim().split(' ')
    const all = (await nodes()).flatMap((node) => (node.status.allocatable ? [node.status.allocatable] : []))
    expect(all.map((one) => (one.cpu.endsWith('m') ? one.cpu.slice(0, -1) : `${one.cpu}000`))).toContain(cpu)
    expect(all.map((one) => one.memory)).toContain(`${memory ?? ''}Ki`)
  })

  const identity = 'echo "$(id -u) $(id -g)"'
  it(`runs as a user${covers('Security Context, runAsUser=65534')}`, async () => {
    expect(await run({ ...shell('id -u'), securityContext: { runAsUser: 65534 } })).toBe('65534\n')
  })
  it(`runs as a user and group of its own${covers('Security Context, test RunAsGroup at container level')}`, async () => {
    expect(await run({ ...shell(identity), securityContext: { runAsUser: 1001, runAsGroup: 2002 } })).toBe(
      '1001 2002\n',
    )
  })
  it(`runs as a user and group of the Pod${covers('Security Context, test RunAsGroup at pod level')}`, async () => {
    expect(await run(shell(identity), { securityContext: { runAsUser: 1001, runAsGroup: 2002 } })).toBe('1001 2002\n')
  })
  it(`is not privileged when not to be${covers('Security Context, privileged=false.')}`, async () => {
    const script = 'ip link add dummy0 type dummy 2>&1 || echo refused'
    expect(await run({ ...shell(script), securityContext: { privileged: false } })).toContain('refused')
  })
  it(`cannot gain privileges when not to${covers('Security Context, allowPrivilegeEscalation=false.')}`, async () => {
    const script = 'echo "uid=$(id -u)"; grep NoNewPrivs /proc/self/status'
    const securityContext = { allowPrivilegeEscalation: false, runAsUser: 1000 }
    expect(await run({ ...shell(script), securityContext })).toMatch(/^uid=1000\nNoNewPrivs:\s+1\n$/)
  })
  it(`writes to its root${covers('Security Context, readOnlyRootFilesystem=false.')}`, async () => {
    const securityContext = { readOnlyRootFilesystem: false }
    expect(await run({ ...shell('echo written > /file && cat /file'), securityContext })).toBe('written\n')
  })
  it(`does not write to a read-only root${covers('Kubelet, pod with read only root file system')}`, async () => {
    const securityContext = { readOnlyRootFilesystem: true }
    expect(await run({ ...shell('echo x > /file || echo refused; test ! -e /file'), securityContext })).toContain(
      'refused',
    )
  })
  it(`has the Pod's sysctls${covers('Sysctl, test sysctls')}`, async () => {
    const sysctls = [{ name: 'kernel.shm_rmid_forced', value: '1' }]
    expect(await run(shell('cat /proc/sys/kernel/shm_rmid_forced'), { securityContext: { sysctls } })).toBe('1\n')
  })
  it(`is refused with sysctls that are none${covers('Sysctls, reject invalid sysctls')}`, async () => {
    const sysctls = ['foo-', 'kernel.shmmax', 'bar..'].map((name) => ({ name, value: '100' }))
    const refused = await ns.try(['create', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'bad-sysctls' },
        spec: { securityContext: { sysctls }, containers: [{ name: 'main', image: busybox }] },
      }),
    })
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('"foo-"')
    expect(refused.stderr).toContain('"bar.."')
    expect(refused.stderr).not.toContain('"kernel.shmmax"')
  })

  it(`has hostAliases in /etc/hosts${covers('Kubelet, hostAliases')}`, async () => {
    const output = await run(shell('cat /etc/hosts'), {
      hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }],
    })
    expect(output).toMatch(/^123\.45\.67\.89\s+foo\s+bar$/m)
  })
  it(`has its output in the log${covers('Kubelet, log output, default')}`, async () => {
    expect(await run(shell('echo out; echo err >&2'))).toMatch(/^(out\nerr|err\nout)\n$/)
  })

  it(`has its service account's token, CA and namespace${covers('Service Account Tokens Must AutoMount')}`, async () => {
    const pod = next()
    const path = '/var/run/secrets/kubernetes.io/serviceaccount'
    await startPod(ns, pod, {
      restartPolicy: 'Never',
      containers: ['token', 'ca.crt', 'namespace'].map((file) => ({
        name: file.replace('.', ''),
        ...shell(`cat ${path}/${file}`),
      })),
    })
    await podUntil(ns, pod, 'to end', ({ status }) => status.phase === 'Succeeded')
    const read = (container: string): Promise<string> => ns.kubectl(['logs', pod, '-c', container])
    expect((await read('token')).split('.')).toHaveLength(3)
    expect(await read('cacrt')).toBe(
      await ns.kubectl(['get', 'configmap', 'kube-root-ca.crt', '-o', 'jsonpath={.data.ca\\.crt}']),
    )
    expect(await read('namespace')).toBe(ns.name)
  })
  it(`has a token where a projected volume puts it${covers('TokenRequestProjection should mount a projected volume with token using TokenRequest API.')}`, async () => {
    const output = await run(
      { ...shell('cat /token/here'), volumeMounts: [{ name: 't', mountPath: '/token' }] },
      {
        automountServiceAccountToken: false,
        volumes: [
          {
            name: 't',
            projected: {
              sources: [{ serviceAccountToken: { path: 'here', expirationSeconds: 3600, audience: 'somebody' } }],
            },
          },
        ],
      },
    )
    const claims = JSON.parse(Buffer.from(output.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >
    expect(claims).toMatchObject({ aud: ['somebody'], sub: `system:serviceaccount:${ns.name}:default` })
  })
  it(`has no token where nobody wants it${covers('Service account tokens auto mount optionally')}`, async () => {
    const accounts = { 'mount-default': undefined, mount: true, nomount: false }
    for (const [name, automountServiceAccountToken] of Object.entries(accounts))
      await ns.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name }, automountServiceAccountToken })
    const script = 'test -s /var/run/secrets/kubernetes.io/serviceaccount/token && echo yes || echo no'
    const results = await Promise.all(
      Object.entries(accounts).flatMap(([serviceAccountName, byAccount]) =>
        [undefined, true, false].map(async (byPod) => {
          const spec = { serviceAccountName, automountServiceAccountToken: byPod }
          return [(await run(shell(script), spec)).trim(), (byPod ?? byAccount ?? true) ? 'yes' : 'no']
        }),
      ),
    )
    expect(results).toHaveLength(9)
    for (const [seen, wanted] of results) expect(seen).toBe(wanted)
  })

  it(`sees the Services there are${covers('Pods, service environment variables')}`, async () => {
    await startPod(
      ns,
      'fooserver',
      { containers: [{ name: 'main', image: 'kubets/web:1' }] },
      { labels: { name: 'fooserver' } },
    )
    await podUntil(ns, 'fooserver', 'to be ready', isReady)
    await ns.kubectl(['create', 'service', 'clusterip', 'fooservice', '--tcp=8765:8080'])
    const ip = await ns.kubectl(['get', 'service', 'fooservice', '-o', 'jsonpath={.spec.clusterIP}'])
    const output = await run(shell('env'))
    for (const line of [
      `FOOSERVICE_SERVICE_HOST=${ip}`,
      'FOOSERVICE_SERVICE_PORT=8765',
      `FOOSERVICE_PORT=tcp://${ip}:8765`,
      `FOOSERVICE_PORT_8765_TCP=tcp://${ip}:8765`,
      'FOOSERVICE_PORT_8765_TCP_PROTO=tcp',
      'FOOSERVICE_PORT_8765_TCP_PORT=8765',
      `FOOSERVICE_PORT_8765_TCP_ADDR=${ip}`,
    ])
      expect(output.split('\n')).toContain(line)
  })
})

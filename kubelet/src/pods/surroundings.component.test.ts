import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { configMaps, pods, secrets } from '@kubets/shared/api/resources.gen.ts'
import type { PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appArmorEnabled } from './app-armor.ts'
import { failed, idOf, lookAt, runs, shell, statusOf, succeeded } from './look.testing.ts'
import { startTestNode, type TestNode } from './node.testing.ts'

const run = promisify(execFile)
const docker = new Docker()
const namespace = 'default'
const once = { restartPolicy: 'Never' }
const at = (name: string, more: object = {}) => [{ name, mountPath: `/${name}`, ...more }]

/** What a Pod finds around it: volumes, users, rights, limits. */
describe.concurrent('A container', { timeout: caseMs }, () => {
  let node: TestNode
  let look: ReturnType<typeof lookAt>
  beforeAll(async () => {
    node = await startTestNode({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '60' })
    look = lookAt(node)
  })
  afterAll(() => node.stop())

  const keep = (name: string, data: Record<string, string>, more: object = {}) =>
    node.client.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      data,
      ...more,
    })
  const keepSecret = (name: string, stringData: Record<string, string>) => {
    const data = Object.fromEntries(Object.entries(stringData).map(([key, value]) => [key, btoa(value)]))
    return node.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data })
  }
  /** Runs it to its end; what its first container has said. */
  const say = async (name: string, script: string, spec: Partial<PodSpec> = {}, more: object = {}) => {
    await node.run(name, { ...once, ...spec, containers: [{ name: 'main', ...shell(script), ...more }] })
    return look.said(await node.until(name, succeeded))
  }

  it('sees at once what changes in its volumes, all of it together', async () => {
    await Promise.all([keep('live', { a: 'old', b: 'old' }), keepSecret('live', { a: 'old', b: 'old' })])
    await node.run('live', {
      volumes: [
        { name: 'map', configMap: { name: 'live' } },
        { name: 'secret', secret: { secretName: 'live' } },
        {
          name: 'all',
          projected: {
            sources: [
              { configMap: { name: 'live' } },
              { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
            ],
          },
        },
      ],
      containers: [{ name: 'main', volumeMounts: [...at('map'), ...at('secret'), ...at('all')] }],
    })
    const pod = await node.until('live', runs)
    const patched = { type: 'merge', namespace } as const
    await node.client.patch(configMaps, 'live', { data: { a: 'new', b: 'new', c: 'new' } }, patched)
    await node.client.patch(secrets, 'live', { data: { a: btoa('new'), b: null } }, patched)
    await node.client.patch(pods, 'live', { metadata: { labels: { x: 'new' } } }, patched)
    const files = 'cd /map; cat a b c; cd ../secret; cat *; cd ../all; cat a labels'
    await waitFor(async () => (await look.exec(idOf(pod), files)) === 'newnewnewnewnewx="new"')
    expect(await look.exec(idOf(pod), 'readlink /map/a; readlink /map/..data | cut -c1-2')).toBe('..data/a\n..\n')
  })

  it('does not see what changes in a part of a volume', async () => {
    await keep('part', { a: 'old' })
    await node.run('part', {
      volumes: [{ name: 'map', configMap: { name: 'part' } }],
      containers: [
        {
          name: 'main',
          volumeMounts: [...at('map'), { name: 'map', mountPath: '/part', subPath: 'a', readOnly: true }],
        },
      ],
    })
    const pod = await node.until('part', runs)
    await node.client.patch(configMaps, 'part', { data: { a: 'new' } }, { type: 'merge', namespace })
    await waitFor(async () => (await look.exec(idOf(pod), 'cat /map/a')) === 'new')
    expect(await look.exec(idOf(pod), 'cat /part')).toBe('old')
  })

  // pkg/apis/core/v1 ClusterTrustBundleProjection, PodCertificateProjection: their gates are off
  it('has no trust bundles and no certificates of its own, and hears it', async () => {
    const sources = {
      clusterTrustBundle: { name: 'example.com:bundle', path: 'ca.pem' },
      podCertificate: { signerName: 'example.com/signer', keyType: 'ED25519', credentialBundlePath: 'pod.pem' },
    }
    for (const [kind, source] of Object.entries(sources)) {
      const name = `has-${kind.toLowerCase()}`
      const volumes = [{ name: 'all', projected: { sources: [{ [kind]: source }] } }]
      await node.run(name, { volumes, containers: [{ name: 'main', volumeMounts: at('all') }] })
      expect(await look.event(name, 'FailedMount')).toContain(`projected source ${kind} is not supported`)
      await look.remove(name)
      await look.gone(name)
    }
  })

  it('waits for what it is to see, says so, and starts when it is there', async () => {
    await node.run('waits', {
      ...once,
      volumes: [{ name: 'late', configMap: { name: 'late' } }],
      containers: [{ name: 'main', ...shell('cat /late/*'), volumeMounts: at('late') }],
    })
    expect(await look.event('waits', 'FailedMount')).toBe(
      'MountVolume.SetUp failed for volume "late" : configmap "late" not found',
    )
    await keep('late', { a: 'there' })
    expect(await look.said(await node.until('waits', succeeded))).toBe('there')
  })

  it('does not wait for a volume that no container has, until an ephemeral one has it', async () => {
    const volumes = [
      { name: 'spare', configMap: { name: 'spare' } },
      { name: 'claimed', persistentVolumeClaim: { claimName: 'none' } },
    ]
    await node.run('spares', {
      volumes,
      containers: [{ name: 'main', ...shell('trap "exit 0" TERM; sleep 300 & wait') }],
    })
    const { metadata } = await node.until('spares', runs)
    const folder = path.join(node.volumes.podDir(metadata.uid ?? ''), 'volumes')
    expect(await readdir(folder).catch(() => [])).toEqual([])
    const debug = { name: 'debug', image: node.image, ...shell('cat /spare/*'), volumeMounts: at('spare') }
    const patch = { spec: { ephemeralContainers: [debug] } }
    await node.client.patch(pods, 'spares', patch, { type: 'strategic', namespace, subresource: 'ephemeralcontainers' })
    expect(await look.event('spares', 'FailedMount')).toContain('configmap "spare" not found')
    await keep('spare', { a: 'there' })
    const pod = await node.until('spares', (one) => statusOf(one, 'debug')?.state?.terminated)
    expect(await look.said(pod, 'debug')).toBe('there')
    await look.remove('spares')
  })

  it('does without what is optional, and starts without a key that is', async () => {
    await keep('some', { a: 'a' }, { immutable: true })
    const script = 'ls /no /some; echo "$A$B$C."'
    const said = await say(
      'optional',
      script,
      {
        volumes: [
          { name: 'no', secret: { secretName: 'none', optional: true } },
          {
            name: 'some',
            configMap: {
              name: 'some',
              optional: true,
              items: [
                { key: 'z', path: 'z' },
                { key: 'a', path: 'b/c' },
              ],
            },
          },
        ],
      },
      {
        volumeMounts: [...at('no'), ...at('some')],
        env: [
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'some', key: 'a' } } },
          { name: 'B', valueFrom: { configMapKeyRef: { name: 'some', key: 'z', optional: true } } },
          { name: 'C', valueFrom: { secretKeyRef: { name: 'none', key: 'z', optional: true } } },
        ],
        envFrom: [{ prefix: 'P_', configMapRef: { name: 'none', optional: true } }],
      },
    )
    expect(said).toBe('/no:\n\n/some:\nb\na.\n')
  })

  it('is not made while a key it needs is missing, and says which', async () => {
    await keep('few', { a: 'a' })
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'few', key: 'z' } } }]
    await node.run('no-key', { containers: [{ name: 'main', env }] })
    const pod = await node.until(
      'no-key',
      (one) => statusOf(one)?.state?.waiting?.reason === 'CreateContainerConfigError',
    )
    const why = "couldn't find key z in ConfigMap default/few"
    expect(statusOf(pod)?.state?.waiting?.message).toBe(why)
    expect(await look.event('no-key', 'Failed')).toBe(`Error: ${why}`)
    await look.remove('no-key')
  })

  it('is not made when what it is to have cannot be written, and says why', async () => {
    const begins = { name: 'begins', ...shell('until test -e /go/on; do sleep 0.1; done'), volumeMounts: at('go') }
    await node.run('unwritten', {
      volumes: [{ name: 'go', emptyDir: {} }],
      initContainers: [begins],
      containers: [{ name: 'main' }],
    })
    const { metadata } = await node.until(
      'unwritten',
      ({ status }) => status?.initContainerStatuses?.[0]?.state?.running,
    )
    const folder = node.volumes.podDir(metadata.uid ?? '')
    const hosts = path.join(folder, 'etc-hosts')
    await rm(hosts)
    await mkdir(hosts)
    await writeFile(path.join(folder, 'volumes/kubernetes.io~empty-dir/go/on'), '')
    const pod = await node.until('unwritten', (one) => statusOf(one)?.state?.waiting?.message)
    const message = expect.stringContaining('EISDIR') as string
    expect(statusOf(pod)?.state?.waiting).toEqual({ reason: 'CreateContainerConfigError', message })
    expect(await look.event('unwritten', 'Failed')).toBe(`Error: ${statusOf(pod)?.state?.waiting?.message}`)
    await look.remove('unwritten')
  })

  it('has variables from a file that an init container wrote', async () => {
    const from = (name: string, key: string, more: object = {}) => ({
      name,
      valueFrom: { fileKeyRef: { volumeName: 'env', path: 'a/file', key, ...more } },
    })
    const write = shell(
      `mkdir /env/a; printf "# ours\\nA='one\\ntwo' # two lines\\nB='b'\\n" > /env/a/file; ln -s /etc /env/out`,
    )
    const spec: Partial<PodSpec> = {
      volumes: [{ name: 'env', emptyDir: {} }],
      initContainers: [{ name: 'writes', ...write, volumeMounts: at('env') }],
    }
    const env = [
      from('X', 'A'),
      from('Y', 'none', { optional: true }),
      from('Z', 'B'),
      { name: 'ZZ', value: '$(Z)$(Z)' },
    ]
    expect(await say('file', 'echo "$X:${Y-unset}:$Z:$ZZ"; ls /env 2>&1 || true', spec, { env })).toBe(
      'one\ntwo:unset:b:bb\nls: /env: No such file or directory\n',
    )
    const refused = async (name: string, variable: object, why: string): Promise<void> => {
      await node.run(name, { ...spec, containers: [{ name: 'main', env: [variable as (typeof env)[0]] }] })
      const reason = 'CreateContainerConfigError'
      const pod = await node.until(name, (one) => statusOf(one)?.state?.waiting?.reason === reason)
      expect(statusOf(pod)?.state?.waiting?.message).toBe(why)
      await look.remove(name)
    }
    await Promise.all([
      refused('no-such-key', from('X', 'none'), 'environment variable key "none" not found in file "a/file"'),
      refused('no-such-file', from('X', 'A', { path: 'no', optional: true }), "couldn't parse env file"),
      refused('file-outside', from('X', 'A', { path: 'out/hostname' }), "couldn't parse env file"),
    ])
  })

  it('has volumes in memory as large as it may be', async () => {
    const limits = { cpu: '100m', memory: '64Mi' }
    const said = await say(
      'in-memory',
      'for dir in own limited whole; do df -k /$dir | tail -1 | tr -s " " | cut -d" " -f2; done; stat -c "%a %g" /own',
      {
        securityContext: { fsGroup: 2000 },
        volumes: [
          { name: 'own', emptyDir: { medium: 'Memory' } },
          { name: 'limited', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
          { name: 'whole', emptyDir: { medium: 'Memory', sizeLimit: '2Gi' } },
        ],
      },
      { resources: { limits, requests: limits }, volumeMounts: [...at('own'), ...at('limited'), ...at('whole')] },
    )
    expect(said).toBe('65536\n1024\n65536\n2777 2000\n')
  })

  it('has files of modes, owners and groups as it asks for', async () => {
    await keepSecret('modes', { a: 'a', b: 'b' })
    const said = await say(
      'modes',
      'id -u; id -g; id -G | tr " " "\\n" | sort -n | tr "\\n" " "; for f in a b; do stat -L -c "%a %u %g" /s/$f; done; touch /e/f; stat -c "%g" /e/f',
      {
        securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000] },
        volumes: [
          {
            name: 's',
            secret: {
              secretName: 'modes',
              defaultMode: 0o400,
              items: [
                { key: 'a', path: 'a' },
                { key: 'b', path: 'b', mode: 0o600 },
              ],
            },
          },
          { name: 'e', emptyDir: {} },
        ],
      },
      { volumeMounts: [...at('s'), ...at('e')] },
    )
    expect(said).toBe('1000\n3000\n2000 3000 4000 440 0 2000\n640 0 2000\n2000\n')
  })

  it('cannot write to what is read-only, nor have it so all the way down', async () => {
    const folder = path.join(node.rootDir, 'shown')
    await mkdir(folder, { recursive: true })
    const volumes = [{ name: 'shown', hostPath: { path: folder } }]
    const possible = { readOnly: true, recursiveReadOnly: 'IfPossible' }
    const script = 'touch /shown/x 2>&1; grep " /shown " /proc/mounts | grep -c " ro,"'
    expect(await say('read-only', script, { volumes }, { volumeMounts: at('shown', possible) })).toBe(
      'touch: /shown/x: Read-only file system\n1\n',
    )
    expect(statusOf(await node.get('read-only'))?.volumeMounts).toEqual([
      { name: 'shown', mountPath: '/shown', readOnly: true, recursiveReadOnly: 'Disabled' },
    ])
    const volumeMounts = at('shown', { readOnly: true, recursiveReadOnly: 'Enabled' })
    await node.run('all-read-only', { volumes, containers: [{ name: 'main', volumeMounts }] })
    expect(await look.event('all-read-only', 'Failed')).toBe(
      'Error: failed to resolve recursive read-only mode: volume "shown" requested recursive read-only mode, but it is not supported by the runtime',
    )
    await look.remove('all-read-only')
  })

  it('sees what is mounted later where it says so, and nowhere else', async () => {
    const folder = path.join(node.rootDir, 'spread')
    await mkdir(folder, { recursive: true })
    await run('mount', ['-t', 'tmpfs', 'tmpfs', folder])
    await run('mount', ['--make-rshared', folder])
    try {
      const sleeps = shell('trap "exit 0" TERM; while :; do sleep 0.1; done')
      const container = (name: string, mountPropagation: string) => ({
        name,
        ...sleeps,
        volumeMounts: at('spread', { mountPropagation }),
      })
      const pod = await node
        .run('spread', {
          volumes: [{ name: 'spread', hostPath: { path: folder } }],
          containers: [container('none', 'None'), container('from-host', 'HostToContainer')],
        })
        .then(() => node.until('spread', (one) => one.status?.containerStatuses?.every(({ ready }) => ready)))
      const sub = path.join(folder, 'sub')
      await mkdir(sub)
      await run('mount', ['-t', 'tmpfs', 'tmpfs', sub])
      await writeFile(path.join(sub, 'later'), '')
      const seen = (name: string, place: string) => look.exec(idOf(pod, name), `ls /spread/${place}`)
      expect(await seen('none', 'sub')).toBe('')
      expect(await seen('from-host', 'sub')).toBe('later\n')
    } finally {
      await look.remove('spread')
      await look.gone('spread')
      await run('umount', ['-R', folder])
    }
  })

  it('runs as who it should, with no more rights than it should', async () => {
    const script =
      'grep -E "^(Seccomp|NoNewPrivs|CapEff):" /proc/self/status | tr -d "\\t"; cat /proc/self/oom_score_adj'
    const lines = async (name: string, securityContext: object, more: object = {}) =>
      (await say(name, script, {}, { securityContext, ...more })).trim().split('\n')
    expect(await lines('default', {})).toEqual(['CapEff:00000000a80425fb', 'NoNewPrivs:0', 'Seccomp:0', '1000'])
    const resources = { requests: { memory: '512Mi' } }
    const strict = {
      runAsUser: 1000,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      seccompProfile: { type: 'RuntimeDefault' },
      capabilities: { drop: ['ALL'] },
    }
    expect(await lines('strict', strict, { resources })).toEqual([
      'CapEff:0000000000000000',
      'NoNewPrivs:1',
      'Seccomp:2',
      '500',
    ])
    const capabilities = { drop: ['ALL'], add: ['NET_ADMIN'] }
    expect((await lines('one-right', { capabilities }))[0]).toBe('CapEff:0000000000001000')
  })

  it('is held by a seccomp profile of the node, and not made without it', async () => {
    const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }] }
    await writeFile(path.join(node.rootDir, 'no-mkdir.json'), JSON.stringify(profile))
    const held = (localhostProfile: string) => ({
      securityContext: { seccompProfile: { type: 'Localhost', localhostProfile } },
    })
    expect(await say('held', 'mkdir /tmp/x 2>&1; touch /tmp/y && echo made', held('no-mkdir.json'))).toBe(
      "mkdir: can't create directory '/tmp/x': Operation not permitted\nmade\n",
    )
    await node.run('unheld', { ...held('none.json'), containers: [{ name: 'main' }] })
    expect(await look.event('unheld', 'Failed')).toBe('Error: cannot load seccomp profile "none.json"')
    await node.until('unheld', (one) => statusOf(one)?.state?.waiting?.reason === 'CreateContainerConfigError')
    await look.remove('unheld')
  })

  it('is not made as root when it must not be, and its image is', async () => {
    const [given, own] = [{ runAsUser: 0, runAsNonRoot: true }, { runAsNonRoot: true }]
    const containers = [
      { name: 'given', securityContext: given },
      { name: 'own', securityContext: own },
    ]
    const { metadata } = await node.run('no-root', { containers })
    const of = (name: string) => `(pod: "no-root_default(${metadata.uid})", container: ${name})`
    expect(await look.event('no-root', 'Failed', 'given)')).toBe(
      `Error: container's runAsUser breaks non-root policy ${of('given')}`,
    )
    expect(await look.event('no-root', 'Failed', 'own)')).toBe(
      `Error: container has runAsNonRoot and image will run as root ${of('own')}`,
    )
    await look.remove('no-root')
  })

  it("keeps its image's user, also one with a name, when it asks for a group alone", async () => {
    const image = `kubets-test/named-${process.pid}`
    const made = await docker.createContainer({
      Image: node.image,
      Entrypoint: ['sh', '-c', 'mkdir /etc; echo somebody:x:1000:1000::/:/bin/sh > /etc/passwd'],
      Cmd: [],
    })
    try {
      await made.start()
      await made.wait()
      await made.commit({ repo: image, tag: '1', changes: 'USER somebody' })
      const said = await say(
        'group',
        'id -u; id -g',
        {},
        { image: `${image}:1`, securityContext: { runAsGroup: 3000 } },
      )
      expect(said).toBe('1000\n3000\n')
      await look.remove('group')
      await look.gone('group')
    } finally {
      await made.remove({ force: true })
      await docker
        .getImage(`${image}:1`)
        .remove({ force: true })
        .catch(() => undefined)
    }
  })

  it('is refused with an AppArmor profile where there is no AppArmor', async () => {
    const securityContext = { appArmorProfile: { type: 'RuntimeDefault' } }
    await node.run('confined', { containers: [{ name: 'main', securityContext }] })
    if (await appArmorEnabled()) {
      await node.until('confined', runs)
      return
    }
    const { status } = await node.until('confined', failed)
    expect(status).toMatchObject({
      reason: 'AppArmor',
      message: 'Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host',
    })
  })

  it('does not hear of SELinux where there is none', async () => {
    const seLinuxOptions = { level: 's0:c1,c2' }
    expect(await say('labelled', 'echo runs', { securityContext: { seLinuxOptions } })).toBe('runs\n')
  })

  it('that forks without end has only as many processes as its Pod may', async () => {
    const { tree, cgroupRoot } = node
    if (!tree) throw new Error("this test needs the machine's cgroups")
    // the shell that forks ends when it is refused one more; what it started stays
    const script = "sh -c 'while true; do sleep 1000 & done'; exec sleep 1000"
    const { metadata } = await node.run('bomb', { containers: [{ name: 'main', ...shell(script) }] })
    const folder = path.join(
      '/sys/fs/cgroup',
      tree.version === 1 ? 'pids' : '',
      cgroupRoot,
      'kubepods/besteffort',
      `pod${metadata.uid}`,
    )
    const read = async (file: string) => (await readFile(path.join(folder, file), 'utf8').catch(() => '')).trim()
    const bomb = docker.getContainer(idOf(await node.until('bomb', runs), 'main'))
    const refused = async (): Promise<boolean> => (await bomb.logs({ stderr: true })).includes("can't fork")
    await waitFor(refused, 'one more than it may')
    const count = Number(await read('pids.current'))
    expect(count).toBeGreaterThan(90)
    expect(count).toBeLessThanOrEqual(100)
    // the others do not feel it
    expect(await say('beside', 'sh -c "echo forks"')).toBe('forks\n')
    expect(await read('pids.max')).toBe('100')
    await look.remove('bomb')
    await look.gone('bomb')
  })
})

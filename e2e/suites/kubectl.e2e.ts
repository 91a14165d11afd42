import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { fetchText } from '../harness/http.ts'
import { background, run } from '../harness/kubectl.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { until } from '../harness/until.ts'
import { runWeb } from '../harness/web.ts'

/** What a person does with kubectl once something runs. */
describe('kubectl', () => {
  let ns: Namespace
  let pod: string

  beforeAll(async () => {
    ns = await makeNamespace('kubectl')
    await runWeb(ns, 'web', 1)
    pod = (await ns.kubectl(['get', 'pods', '-o', 'name'])).trim()
  })
  afterAll(() => removeNamespace(ns))

  it('logs, and logs -f goes on until stopped', async () => {
    const follower = background('kubectl', ['-n', ns.name, 'logs', '-f', pod])
    try {
      const { spec } = await ns.get<{ spec: { clusterIP: string } }>('services', 'web')
      const before = follower.output().length
      await until('the Service to answer', () => fetchText(`http://${spec.clusterIP}/`))
      await until('the request in the log', async () => (follower.output().length > before ? true : undefined))
    } finally {
      await follower.stop()
    }
    expect(await ns.kubectl(['logs', pod, '--tail=1'])).toMatch(/^.+\n$/)
    expect(await ns.kubectl(['logs', pod, '--tail=1', '--timestamps'])).toMatch(/^\d{4}-\d\d-\d\dT\S+Z .+\n$/)
  })

  it('exec: output, errors, exit code, standard input', async () => {
    expect(await ns.kubectl(['exec', pod, '--', 'hostname'])).toBe(`${pod.replace('pod/', '')}\n`)
    const failed = await ns.try(['exec', pod, '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'])
    expect(failed.code).toBe(7)
    expect(failed.stdout).toBe('out\n')
    expect(failed.stderr).toContain('err\n')
    expect(failed.stderr).toContain('exit code 7')
    const input = 'x'.repeat(300_000)
    expect(await ns.kubectl(['exec', '-i', pod, '--', 'wc', '-c'], { input })).toBe('300000\n')
    expect((await ns.try(['exec', pod, '--', '/no/such/program'])).code).not.toBe(0)
  })

  it('exec over SPDY as well', async () => {
    const old = await run(
      'env',
      ['KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false', 'kubectl', '-n', ns.name, 'exec', '-i', pod, '--', 'wc', '-c'],
      {
        input: 'y'.repeat(100_000),
      },
    )
    expect(old).toMatchObject({ code: 0, stdout: '100000\n' })
    const failed = await run('env', [
      'KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false',
      'kubectl',
      '-n',
      ns.name,
      'exec',
      pod,
      '--',
      'false',
    ])
    expect(failed.code).toBe(1)
  })

  it('exec -it gives a terminal', async () => {
    const command = `stty rows 30 cols 90; kubectl -n ${ns.name} exec -it ${pod} -- sh -c 'tty; until stty size 2>/dev/null | grep .; do sleep 0.1; done'` // the size comes a moment later
    // Its standard input stays open: a terminal whose other end hangs up is none.
    const terminal = background('script', ['-qec', command, '/dev/null'])
    try {
      await until('the size of the terminal', async () => (terminal.output().includes('30 90') ? true : undefined))
      expect(terminal.output()).toMatch(/\/dev\/pts\/\d+/)
    } finally {
      await terminal.stop()
    }
  })

  it('cp there and back', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'kubets-cp-'))
    try {
      await writeFile(join(dir, 'there'), Buffer.alloc(1_000_000, 'kubets '))
      await ns.kubectl(['cp', join(dir, 'there'), `${pod.replace('pod/', '')}:/tmp/there`])
      await ns.kubectl(['cp', `${pod.replace('pod/', '')}:/tmp/there`, join(dir, 'back')])
      expect((await readFile(join(dir, 'back'))).equals(await readFile(join(dir, 'there')))).toBe(true)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  })

  it.each([
    ['WebSocket', []],
    ['SPDY', ['KUBECTL_PORT_FORWARD_WEBSOCKETS=false']],
  ])('port-forward over %s', async (_wire, environment) => {
    const forwarder = background('env', [...environment, 'kubectl', '-n', ns.name, 'port-forward', pod, ':8080'])
    try {
      const port = await until('the local port', async () => /127\.0\.0\.1:(\d+) ->/.exec(forwarder.output())?.[1])
      for (let i = 0; i < 5; i++)
        expect(await fetchText(`http://127.0.0.1:${port}/`)).toContain(pod.replace('pod/', ''))
    } finally {
      await forwarder.stop()
    }
  })

  it('describe shows the events of a Pod', async () => {
    const text = await ns.kubectl(['describe', pod])
    for (const reason of ['Scheduled', 'Pulled', 'Created', 'Started'])
      expect(text).toMatch(new RegExp(`Normal\\s+${reason}\\s`))
    expect(text).toMatch(/Successfully assigned \S+ to \S+/)
    expect(text).toMatch(/Ready:\s+True/)
  })

  it('get -w prints changes as they come', async () => {
    const watcher = background('kubectl', ['-n', ns.name, 'get', 'configmaps', '-w', '--no-headers'])
    try {
      await until('the first list', async () => (watcher.output().includes('kube-root-ca.crt') ? true : undefined))
      await ns.kubectl(['create', 'configmap', 'seen', '--from-literal=a=1'])
      await until('the new object', async () => (/^seen\s+1\s/m.test(watcher.output()) ? true : undefined))
      await ns.kubectl(['patch', 'configmap', 'seen', '-p', '{"data":{"b":"2"}}'])
      await until('its change', async () => (/^seen\s+2\s/m.test(watcher.output()) ? true : undefined))
    } finally {
      await watcher.stop()
    }
  })

  it('create, apply, diff-free re-apply, edit, label, annotate, patch of three types, replace', async () => {
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: '1' } }
    expect(await ns.apply(manifest)).toBe('configmap/settings created\n')
    expect(await ns.apply(manifest)).toBe('configmap/settings unchanged\n')
    expect(await ns.apply({ ...manifest, data: { b: '2' } })).toBe('configmap/settings configured\n')
    expect((await ns.get<{ data: object }>('configmaps', 'settings')).data).toEqual({ b: '2' })
    expect((await ns.try(['diff', '-f', '-'], { input: JSON.stringify({ ...manifest, data: { b: '2' } }) })).code).toBe(
      0,
    )
    await ns.kubectl(['label', 'configmap', 'settings', 'tier=front'])
    await ns.kubectl(['annotate', 'configmap', 'settings', 'note=here'])
    await ns.kubectl([
      'patch',
      'configmap',
      'settings',
      '--type=json',
      '-p',
      '[{"op":"add","path":"/data/c","value":"3"}]',
    ])
    await ns.kubectl(['patch', 'configmap', 'settings', '--type=merge', '-p', '{"data":{"b":null}}'])
    await ns.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"d":"4"}}'])
    const edited = await run('env', [
      'EDITOR=sed -i s/four/five/',
      'kubectl',
      '-n',
      ns.name,
      'edit',
      'configmap',
      'settings',
    ])
    expect(edited.stdout + edited.stderr).toContain('no changes made')
    const labelled = await ns.list<{ data: object }>('configmaps', 'tier=front')
    expect(labelled.map(({ data }) => data)).toEqual([{ c: '3', d: '4' }])
    await ns.kubectl(['replace', '-f', '-'], { input: JSON.stringify({ ...manifest, data: { e: '5' } }) })
    expect((await ns.get<{ data: object }>('configmaps', 'settings')).data).toEqual({ e: '5' })
  })

  it('api-resources, explain, auth can-i, version and get --raw', async () => {
    // kubectl fails while any server of a group is away, as those of suites alongside may be
    expect(await until('every group to answer', () => ns.kubectl(['api-resources', '--no-headers']))).toMatch(
      /^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment$/m,
    )
    expect(await ns.kubectl(['explain', 'deployment.spec.replicas'])).toContain('replicas <integer>')
    expect(await ns.kubectl(['auth', 'can-i', 'delete', 'nodes'])).toBe('yes\n')
    expect(await ns.kubectl(['version'])).toContain('Server Version: v1.36')
    expect(await ns.kubectl(['get', '--raw', '/readyz'])).toBe('ok')
  })

  it(`delete namespace takes everything with it${covers('namespace-deletion-removes-pods')}`, async () => {
    const doomed = await makeNamespace('doomed')
    await runWeb(doomed, 'web', 2)
    await doomed.kubectl(['create', 'secret', 'generic', 's', '--from-literal=a=b'])
    await removeNamespace(doomed)
    expect((await doomed.try(['get', 'pods'])).stdout).toBe('')
    expect((await run('kubectl', ['get', 'namespace', doomed.name])).stderr).toContain('not found')
    const left = await run('docker', ['ps', '-aq', '--filter', `label=io.kubernetes.pod.namespace=${doomed.name}`])
    expect(left.stdout).toBe('')
  })
})

import { mkdir, writeFile } from 'node:fs/promises'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import { clusterRoleBindings, clusterRoles } from '@kubets/shared/api/resources.gen.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { createCA, issueCertificate } from '@kubets/shared/process/certificates.ts'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lookAt, runs, shell, statusOf } from '../pods/look.testing.ts'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'
import { startServer } from './server.ts'

type Who = { cert: string; key: string }

/** What is heard on the kubelet's port, by whom. */
describe('The server', { timeout: caseMs }, () => {
  let node: TestNode
  let look: ReturnType<typeof lookAt>
  let port: number
  let ca: Who
  let admin: Who
  const stopping = new AbortController()
  let broken: string | undefined
  const handlers = {
    enableDebuggingHandlers: true,
    enableSystemLogHandler: true,
    enableProfilingHandler: true,
    enableDebugFlagsHandler: true,
  }
  beforeAll(async () => {
    node = await startTestNode({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '20' })
    look = lookAt(node)
    port = await freePort()
    ca = await createCA('test')
    const serving = { commonName: node.name, ipAddresses: ['127.0.0.1'], usages: ['server' as const], days: 1 }
    admin = await certificateOf('admin', 'system:masters')
    await startServer({
      host: '127.0.0.1',
      port,
      ...(await issueCertificate(ca, serving)),
      clientCA: ca.cert,
      client: node.client,
      nodeName: node.name,
      handlers,
      logsFolder: `${node.rootDir}/log`,
      configuration: { kind: 'KubeletConfiguration', apiVersion: 'kubelet.config.k8s.io/v1beta1', maxPods: 20 },
      checks: { ping: () => undefined, syncloop: () => broken },
      metrics: () => node.registry.metrics(),
      probeMetrics: () => Promise.resolve('prober_probe_total 1\n'),
      usage: () => Promise.reject(new Error('not measured')),
      runtime: node.runtime,
      pods: node.manager,
      clock,
      log,
      signal: stopping.signal,
    })
    await node.run('speaks', { containers: [{ name: 'main', ...shell('echo said; exec sleep 1000') }] })
    await node.run('waits', {
      volumes: [{ name: 'map', configMap: { name: 'none' } }],
      containers: [{ name: 'main', volumeMounts: [{ name: 'map', mountPath: '/map' }] }],
    })
    const speaks = await node.until('speaks', runs)
    await waitFor(async () => (await look.said(speaks)) === 'said\n')
    await look.event('waits', 'FailedMount')
  })
  afterAll(async () => {
    stopping.abort()
    await node.stop()
  })

  const certificateOf = (commonName: string, ...organizations: string[]): Promise<Who> =>
    issueCertificate(ca, { commonName, organizations, usages: ['client'], days: 1 })
  const ask = (path: string, who: Partial<Who> = admin, method = 'GET'): Promise<{ code: number; body: string }> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method, ca: ca.cert, agent: false, ...who }
      https
        .request(options, (response) => {
          void text(response).then((body) => resolve({ code: response.statusCode ?? 0, body }), reject)
        })
        .on('error', reject)
        .end()
    })
  const json = async (path: string): Promise<unknown> => JSON.parse((await ask(path)).body)

  it('lists the Pods that the node has, and those of which something runs', async () => {
    const all = await waitFor(async () => {
      const list = (await json('/pods')) as { items: { metadata: { name: string }; status: { phase: string } }[] }
      return list.items.length === 2 ? list : undefined
    })
    expect(all).toMatchObject({ kind: 'PodList', apiVersion: 'v1', metadata: {} })
    expect(all.items.map(({ metadata, status }) => [metadata.name, status.phase]).toSorted()).toEqual([
      ['speaks', 'Running'],
      ['waits', 'Pending'],
    ])
    const running = (await json('/runningpods')) as { items: { metadata: { name: string }; spec: object }[] }
    expect(running).toMatchObject({ kind: 'PodList', apiVersion: 'v1' })
    expect(running.items.find(({ metadata }) => metadata.name === 'speaks')?.spec).toEqual({
      containers: [{ name: 'main', image: node.image, resources: {} }],
    })
  })

  it('tells with what it is configured, and how well it is', async () => {
    expect(await json('/configz')).toEqual({
      kubeletconfig: { kind: 'KubeletConfiguration', apiVersion: 'kubelet.config.k8s.io/v1beta1', maxPods: 20 },
    })
    expect(await ask('/healthz')).toEqual({ code: 200, body: 'ok' })
    expect(await ask('/healthz/ping')).toEqual({ code: 200, body: 'ok' })
    broken = 'sync Loop took longer than expected'
    expect(await ask('/healthz/syncloop')).toEqual({ code: 500, body: `internal server error: ${broken}\n` })
    const { code, body } = await ask('/healthz')
    expect([code, body.split('\n').slice(0, 2)]).toEqual([500, ['[+]ping ok', `[-]syncloop failed: ${broken}`]])
    expect((await ask('/healthz?exclude=syncloop')).code).toBe(200)
    broken = undefined
  })

  it('has the metrics that dashboards and alerts ask for', async () => {
    const lines = await waitFor(async () => {
      const { body } = await ask('/metrics')
      return body.includes('kubelet_pod_start_duration_seconds_count 1') ? body.split('\n') : undefined
    })
    const value = (name: string) => Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1])
    expect(value(`kubelet_node_name{node="${node.name}"}`)).toBe(1)
    await waitFor(async () => (await ask('/metrics')).body.includes('kubelet_running_pods 2\n'))
    for (const name of [
      'kubelet_pleg_relist_duration_seconds_count',
      'kubelet_pod_worker_duration_seconds_count{operation_type="create"}',
      'kubelet_pod_worker_duration_seconds_count{operation_type="sync"}',
      'kubelet_runtime_operations_total{operation_type="run_podsandbox"}',
      'kubelet_runtime_operations_duration_seconds_count{operation_type="start_container"}',
      'kubelet_started_pods_total',
      'kubelet_started_containers_total{container_type="container"}',
      'process_resident_memory_bytes',
    ]) {
      expect([name, value(name)]).toEqual([name, expect.any(Number)])
      expect(value(name)).toBeGreaterThan(0)
    }
    expect((await ask('/metrics/probes')).body).toBe('prober_probe_total 1\n')
    // what cannot be measured is said in what is asked most
    expect((await ask('/metrics/resource')).body).toContain('\nresource_scrape_error 1\n')
  })

  it('reads logs of what has said something, and says why it has not', async () => {
    const logs = (pod: string, container: string) => ask(`/containerLogs/default/${pod}/${container}`)
    expect(await logs('speaks', 'main')).toEqual({ code: 200, body: 'said\n' })
    expect((await ask('/containerLogs/default/speaks/main?tailLines=0')).body).toBe('')
    expect((await ask('/containerLogs/default/speaks/main?tailLines=-1')).code).toBe(422)
    expect((await ask('/containerLogs/default/speaks/main?tail=0')).body).toBe('')
    expect((await ask('/containerLogs/default/speaks/main?tail=all')).body).toBe('said\n')
    expect(await logs('speaks', 'other')).toEqual({ code: 404, body: 'container "other" not found in pod "speaks"\n' })
    expect(await logs('none', 'main')).toEqual({ code: 404, body: 'pod "none" does not exist\n' })
    expect(statusOf(await node.get('waits'))?.state?.waiting?.reason).toBe('ContainerCreating')
    expect(await logs('waits', 'main')).toEqual({
      code: 400,
      body: 'container "main" in pod "waits" is waiting to start: ContainerCreating\n',
    })
    expect(await ask('/containerLogs/default/speaks/main?previous=true')).toEqual({
      code: 400,
      body: 'previous terminated container "main" in pod "speaks" not found\n',
    })
  })

  it('answers those alone who may, each what it may', async () => {
    expect(await ask('/pods', {})).toEqual({ code: 401, body: 'Unauthorized\n' })
    const nobody = await certificateOf('nobody')
    expect(await ask('/pods', nobody)).toEqual({
      code: 403,
      body: 'Forbidden (user=nobody, verb=get, resource=nodes, subresource(s)=[pods proxy])\n',
    })
    // KubeletFineGrainedAuthz: no right to all of it for who wants to see a part
    const name = 'scrapes'
    await node.client.create(clusterRoles, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules: [{ apiGroups: [''], resources: ['nodes/metrics', 'nodes/configz'], verbs: ['get'] }],
    })
    await node.client.create(clusterRoleBindings, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
    })
    const scraper = await certificateOf(name)
    const codes = async () =>
      Promise.all(
        ['/metrics', '/metrics/probes', '/configz', '/pods', '/runningpods', '/stats/summary'].map(
          async (path) => (await ask(path, scraper)).code,
        ),
      )
    // the roles have to be known first, and an answer that was "no" is remembered for half a minute
    await waitFor(async () => (await ask('/metrics', scraper)).code === 200)
    await waitFor(async () => (await codes()).join() === '200,200,200,403,403,403')
    const imposter = await issueCertificate(await createCA('test'), {
      commonName: 'admin',
      organizations: ['system:masters'],
      usages: ['client'],
      days: 1,
    })
    expect((await ask('/pods', imposter)).code).toBe(401)
  })

  it('runs a command, and tells what it said', async () => {
    const run = (path: string) => ask(`/run/default/${path}`, admin, 'POST')
    const { uid = '' } = (await node.get('speaks')).metadata
    expect(await run('speaks/main?cmd=echo+a+b')).toEqual({ code: 200, body: 'a b\n' })
    expect(await run(`speaks/${uid}/main?cmd=hostname`)).toMatchObject({ code: 200 })
    expect(await run('speaks/main?cmd=false')).toEqual({ code: 500, body: "command 'false' exited with 1: \n" })
    expect(await run('waits/main?cmd=true')).toEqual({ code: 404, body: 'container not found ("main")\n' })
  })

  // test/e2e/network/proxy.go, "proxy logs on node"
  it("shows the machine's logs, and nothing beside them", async () => {
    const folder = `${node.rootDir}/log`
    await mkdir(`${folder}/pods`, { recursive: true })
    await writeFile(`${folder}/sys<log`, 'line\n')
    await writeFile(`${node.rootDir}/other`, 'not this')
    const page = (lines: string): string =>
      `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${lines}</pre>\n`
    expect(await ask('/logs/')).toEqual({
      code: 200,
      body: page('<a href="pods/">pods/</a>\n<a href="sys%3Clog">sys&lt;log</a>\n'),
    })
    expect(await ask('/logs/sys%3Clog')).toEqual({ code: 200, body: 'line\n' })
    expect((await ask('/logs')).code).toBe(301)
    expect((await ask('/logs/pods')).code).toBe(301)
    expect(await ask('/logs/pods/')).toEqual({ code: 200, body: page('') })
    for (const path of ['none', '../other', '..%2fother', 'pods/..%2f..%2fother', 'sys%3Clog/']) {
      expect([path, (await ask(`/logs/${path}`)).code]).toEqual([path, 404])
    }
  })

  it('shows less when it is told to', async () => {
    handlers.enableSystemLogHandler = false
    expect(await ask('/logs/')).toEqual({ code: 405, body: 'logs endpoint is disabled.\n' })
    handlers.enableDebuggingHandlers = false
    for (const path of ['/runningpods', '/containerLogs/default/speaks/main', '/logs/']) {
      expect(await ask(path)).toEqual({ code: 405, body: 'Debug endpoints are disabled.\n' })
    }
    expect((await ask('/configz')).code).toBe(404)
    expect((await ask('/pods')).code).toBe(200)
    Object.assign(handlers, { enableSystemLogHandler: true, enableDebuggingHandlers: true })
  })

  it('does not know what it has not', async () => {
    expect((await ask('/nothing')).code).toBe(404)
    expect((await ask('/checkpoint/default/speaks/main')).code).toBe(404)
  })
})

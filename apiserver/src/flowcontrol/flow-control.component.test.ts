import http2 from 'node:http2'
import https from 'node:https'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type Identity, type TestServer } from '../test-server.ts'

const group = '/apis/flowcontrol.apiserver.k8s.io/v1'
let server: TestServer

beforeAll(async () => {
  // so few seats that a flood finds none
  server = await startTestServer({ seats: 30 })
  await server.call('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'everybody-views' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'viewers' }],
    },
  })
})
afterAll(() => server.stop())

interface Object {
  metadata: { name: string; uid: string; annotations?: Record<string, string> }
  spec: { matchingPrecedence?: number; priorityLevelConfiguration?: { name: string } }
  status?: { conditions?: { type: string; status: string; reason: string }[] }
}
const object = async (path: string) => (await server.call(`${group}/${path}`)).json as unknown as Object

/** A request that holds its seat, or its place in a queue, until it is told to finish. */
function startSlowly(as: Identity): { finish: () => void; code: Promise<number> } {
  const body = JSON.stringify({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb: 'list', resource: 'configmaps' } },
  })
  const request = https.request({
    host: '127.0.0.1',
    port: server.port,
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    method: 'POST',
    ca: server.authority.cert,
    ...as.certificate,
    agent: false,
    headers: { 'content-type': 'application/json', 'content-length': body.length },
  })
  const code = new Promise<number>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
  })
  request.write(body.slice(0, 10))
  return { finish: () => request.end(body.slice(10)), code }
}

/** A number of the level and schema that have everybody's requests. */
async function metric(name: string): Promise<number> {
  const { text } = await server.call('/metrics')
  const labels = '{priority_level="global-default",flow_schema="global-default"} '
  return Number(text.split(`apiserver_flowcontrol_${name}${labels}`)[1]?.split('\n')[0])
}
const inQueue = () => metric('current_inqueue_requests')
const executing = () => metric('current_executing_seats')

describe('objects', () => {
  it('are there from the start, and say that their levels are', async () => {
    const { json } = await server.call(`${group}/flowschemas`)
    const schemas = json.items as unknown as Object[]
    expect(schemas.map(({ metadata }) => metadata.name).sort()).toEqual([
      'catch-all',
      'exempt',
      'global-default',
      'kube-controller-manager',
      'kube-scheduler',
      'kube-system-service-accounts',
      'probes',
      'service-accounts',
      'system-leader-election',
      'system-node-high',
      'system-nodes',
    ])
    const dangling = async () =>
      ((await server.call(`${group}/flowschemas`)).json.items as unknown as Object[]).map(
        ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.reason,
      )
    await waitFor(async () => (await dangling()).every((reason) => reason === 'Found'))
    expect(((await server.call(`${group}/prioritylevelconfigurations`)).json.items ?? []).length).toBe(8)
  })

  it('may be changed, but not those that are fixed', async () => {
    const patch = (path: string, spec: object) =>
      server.call(`${group}/${path}`, {
        method: 'PATCH',
        body: { spec },
        headers: { 'content-type': 'application/merge-patch+json' },
      })
    expect((await patch('flowschemas/service-accounts', { matchingPrecedence: 8999 })).code).toBe(200)
    const refused = await patch('prioritylevelconfigurations/catch-all', { limited: { nominalConcurrencyShares: 6 } })
    expect([refused.code, refused.json.message]).toEqual([
      422,
      expect.stringContaining("spec of 'catch-all' must equal the fixed value"),
    ])
  })

  it('a schema without its level says so', async () => {
    await server.call(`${group}/flowschemas`, {
      body: {
        apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
        kind: 'FlowSchema',
        metadata: { name: 'lost' },
        spec: { matchingPrecedence: 5000, priorityLevelConfiguration: { name: 'nowhere' } },
      },
    })
    await waitFor(async () => {
      const { status } = await object('flowschemas/lost')
      return status?.conditions?.some(({ type, reason }) => type === 'Dangling' && reason === 'NotFound')
    })
  })
})

describe('requests', () => {
  it('are told which schema and level they have', async () => {
    const level = await object('prioritylevelconfigurations/exempt')
    const schema = await object('flowschemas/exempt')
    const { headers } = await server.call('/api/v1/namespaces')
    expect(headers['x-kubernetes-pf-flowschema-uid']).toBe(schema.metadata.uid)
    expect(headers['x-kubernetes-pf-prioritylevel-uid']).toBe(level.metadata.uid)
    const node = await server.identity('system:node:n1', 'system:nodes')
    const answer = await server.call('/api/v1/nodes/n1', { as: node })
    expect(answer.code).toBe(404)
    const high = await object('prioritylevelconfigurations/node-high')
    expect(answer.headers['x-kubernetes-pf-prioritylevel-uid']).toBe(high.metadata.uid)
  })

  it('over HTTP/2 give their seats back, those of watches too', async () => {
    const jane = await server.identity('jane', 'viewers')
    const session = http2.connect(`https://127.0.0.1:${server.port}`, {
      ca: server.authority.cert,
      ...jane.certificate,
    })
    const get = (path: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':path': path })
        stream.on('error', reject)
        stream.on('response', (headers) => {
          resolve(headers[':status'] ?? 0)
          if (!path.includes('watch=')) stream.resume()
        })
      })
    const codes = await Promise.all(Array.from({ length: 10 }, () => get('/api/v1/configmaps')))
    expect(codes).toEqual(Array.from({ length: 10 }, () => 200))
    // more watches than the level has seats: each gives its own back when it has begun
    for (let i = 0; i < 10; i++) expect(await get('/api/v1/configmaps?watch=1')).toBe(200)
    await waitFor(async () => (await executing()) === 0)
    session.destroy()
  })

  it('are in the metrics', async () => {
    const { text } = await server.call('/metrics')
    for (const name of ['demand_seats', 'priority_level_seat_utilization', 'priority_level_request_utilization']) {
      expect(text).toMatch(new RegExp(`^# TYPE apiserver_flowcontrol_${name} histogram$`, 'm'))
      const buckets = text.matchAll(
        new RegExp(`^apiserver_flowcontrol_${name}_bucket\\{.*priority_level="system",le="([^"]+)"\\} (\\d+)$`, 'gm'),
      )
      const counts = Array.from(buckets, ([, , count]) => Number(count))
      expect(counts.length).toBeGreaterThan(10)
      expect(counts.at(-1)).toBeGreaterThan(0)
    }
    for (const phase of ['waiting', 'executing'])
      for (const kind of ['readOnly', 'mutating'])
        expect(text).toMatch(
          new RegExp(
            `^apiserver_flowcontrol_read_vs_write_current_requests_count\\{phase="${phase}",request_kind="${kind}"\\} [1-9]`,
            'm',
          ),
        )
    expect(text).toMatch(/^apiserver_flowcontrol_seat_fair_frac \d/m)
    for (const name of ['high_watermark', 'average', 'stdev', 'smoothed'])
      expect(text).toMatch(
        new RegExp(`^apiserver_flowcontrol_demand_seats_${name}\\{priority_level="system"\\} \\d`, 'm'),
      )
    for (const bound of ['min', 'max'])
      for (const name of ['next_s_bounds', 'next_discounted_s_bounds'])
        expect(text).toMatch(
          new RegExp(`^apiserver_flowcontrol_${name}\\{priority_level=".*",bound="${bound}"\\} `, 'm'),
        )
    expect(text).toMatch(
      /^apiserver_flowcontrol_dispatched_requests_total\{priority_level="exempt",flow_schema="exempt"\} [1-9]/m,
    )
    expect(text).toMatch(/^apiserver_flowcontrol_nominal_limit_seats\{priority_level="system"\} 4$/m)
    expect(text).toMatch(
      /^apiserver_flowcontrol_current_executing_requests\{priority_level="system",flow_schema="system-nodes"\} 0$/m,
    )
  })

  it('are on the pages that say what goes on', async () => {
    const page = (name: string, as?: Identity) =>
      server.call(`/debug/api_priority_and_fairness/dump_${name}`, as === undefined ? {} : { as })
    const jane = await server.identity('jane', 'viewers')
    const slow = startSlowly(jane)
    try {
      await waitFor(async () => (await executing()) > 0)
      const levels = await page('priority_levels')
      expect([levels.code, levels.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8'])
      expect(levels.text).toMatch(/^global-default, +0, +false, +false, +0, +1, +\d/m)
      expect((await page('queues')).text).toMatch(/^node-high, +63, +0, +0, +0, +\d+\.\d{8}ss, +0, +0, +0\.0{8}ss$/m)
      expect((await page('requests')).text).toMatch(/^global-default, +global-default, +\d+, +-1, +jane, /m)
      const details = await page('requests?includeRequestDetails=1')
      expect(details.text).toMatch(/, +jane, +create, +\/apis\/authorization\.k8s\.io\/v1\/selfsubjectaccessreviews, /)
      expect((await page('queues', jane)).code).toBe(403)
      expect(((await server.call('/')).json as { paths?: string[] }).paths).not.toContain('/debug')
    } finally {
      slow.finish()
    }
    expect(await slow.code).toBe(201)
  })

  it('of a flood wait and are turned away, and those of the control plane are served meanwhile', async () => {
    // few places, so that a small flood is one
    const queuing = { queues: 128, handSize: 6, queueLengthLimit: 2 }
    const few = await server.call(`${group}/prioritylevelconfigurations/global-default`, {
      method: 'PATCH',
      body: { spec: { limited: { limitResponse: { queuing } } } },
      headers: { 'content-type': 'application/merge-patch+json' },
    })
    expect(few.code).toBe(200)
    const flooder = await server.identity('flooder', 'viewers')
    const node = await server.identity('system:node:n1', 'system:nodes')
    const scheduler = await server.identity('system:kube-scheduler')
    const lease = (name: string) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name },
      spec: { holderIdentity: name },
    })
    const leases = (namespace: string) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
    const created = await server.call(leases('kube-node-lease'), { body: lease('n1'), as: node })
    expect(created.code).toBe(201)
    expect((await server.call(leases('kube-system'), { body: lease('kube-scheduler'), as: scheduler })).code).toBe(201)

    // requests that take their time, more than there are seats; then a flood of lists behind them
    const slow = Array.from({ length: 40 }, () => startSlowly(flooder))
    await waitFor(async () => ((await inQueue()) > 0 ? true : undefined))
    const flood = Array.from({ length: 20 }, () => server.call('/api/v1/configmaps', { as: flooder }))
    const renew = async (namespace: string, name: string, as: Identity) => {
      const path = `${leases(namespace)}/${name}`
      const { json } = await server.call(path, { as })
      return server.call(path, { method: 'PUT', body: json, as })
    }
    for (let i = 0; i < 5; i++) {
      expect((await renew('kube-node-lease', 'n1', node)).code).toBe(200)
      expect((await renew('kube-system', 'kube-scheduler', scheduler)).code).toBe(200)
    }
    for (const request of slow) request.finish()
    const answers = await Promise.all(flood)
    const codes = [...(await Promise.all(slow.map(({ code }) => code))), ...answers.map(({ code }) => code)]
    expect([...new Set(codes)].sort()).toEqual([200, 201, 429].filter((code) => code !== 200 || codes.includes(200)))
    const rejected = answers.find(({ code }) => code === 429)
    expect(rejected?.text).toBe('Too many requests, please try again later.\n')
    expect(Number(rejected?.headers['retry-after'])).toBeGreaterThan(0)

    const { text } = await server.call('/metrics')
    const bucket = (name: string, labels: string) =>
      Number(text.split(`apiserver_flowcontrol_${name}_count{${labels}} `)[1]?.split('\n')[0])
    const own = 'priority_level="global-default",flow_schema="global-default"'
    expect(bucket('request_wait_duration_seconds', `${own},execute="true"`)).toBeGreaterThan(0)
    expect(bucket('request_wait_duration_seconds', `${own},execute="false"`)).toBeGreaterThan(0)
    expect(bucket('request_execution_seconds', `${own},type="regular"`)).toBeGreaterThan(0)
    expect(bucket('request_execution_seconds', `${own},type="watch"`)).toBeGreaterThan(0)
    expect(bucket('request_queue_length_after_enqueue', own)).toBeGreaterThan(0)
    expect(bucket('work_estimated_seats', own)).toBeGreaterThan(0)
    expect(bucket('watch_count_samples', own)).toBeGreaterThan(0)

    const refused = text.split(`apiserver_flowcontrol_request_dispatch_no_accommodation_total{${own}} `)[1]
    expect(Number(refused?.split('\n')[0])).toBeGreaterThan(0)

    // every seat was given back
    await waitFor(async () => (await executing()) === 0)
    expect((await server.call('/api/v1/configmaps?limit=1', { as: flooder })).code).toBe(200)
  })
})

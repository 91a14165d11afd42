import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api } from '../harness/api.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { busybox, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

/** A CGI script of busybox' web server: what the query says is in variables. */
const cgi = (type: string, ...lines: string[]): string =>
  [
    '#!/bin/sh',
    `for pair in $(echo "$QUERY_STRING" | tr '&' ' '); do export "$pair"; done`,
    `printf 'Content-Type: ${type}\\r\\n\\r\\n'`,
    ...lines,
  ].join('\n')
const json = 'application/json'
const primary = 'http://$AGNHOST_PRIMARY_SERVICE_HOST:6379/cgi-bin'
const replica = 'http://$AGNHOST_REPLICA_SERVICE_HOST:6379/cgi-bin'

/** The roles of test/images/agnhost/guestbook: the primary takes what is written and gives it to all replicas. */
const scripts = {
  guestbook: cgi(
    json,
    'case $cmd in',
    `set) exec wget -q -O - "${primary}/set?key=$key&value=$value" ;;`,
    `get) exec wget -q -O - "${replica}/get?key=$key" ;;`,
    'esac',
  ),
  set: cgi(
    json,
    'printf %s "$value" > /data/$key',
    'for host in $(cat /data/replicas); do',
    '  wget -q -O /dev/null "http://$host:6379/cgi-bin/store?key=$key&value=$value" || exit 1',
    'done',
    `printf '{"message":"Updated"}'`,
  ),
  register: cgi('text/plain', 'echo $host >> /data/replicas', 'cat /data/messages'),
  store: cgi('text/plain', 'printf %s "$value" > /data/$key'),
  get: cgi(json, `printf '{"data":"%s"}' "$(cat /data/$key)"`),
}
const serve = (port: number): string => `exec httpd -f -p ${String(port)} -h /www`
const start = {
  frontend: serve(80),
  primary: `mkdir /data; touch /data/replicas /data/messages; ${serve(6379)}`,
  replica: [
    'mkdir /data',
    `until wget -q -O /data/messages "${primary}/register?host=$POD_IP"; do sleep 1; done`,
    serve(6379),
  ].join('; '),
}

const service = (name: string, port: number, selector: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, labels: selector },
  spec: { ports: [{ port, targetPort: port }], selector },
})
const deployment = (name: string, replicas: number, command: string, labels: Record<string, string>): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        volumes: [{ name: 'scripts', configMap: { name: 'guestbook', defaultMode: 0o755 } }],
        containers: [
          {
            name: 'main',
            image: busybox,
            command: ['sh', '-c', command],
            env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
            volumeMounts: [{ name: 'scripts', mountPath: '/www/cgi-bin' }],
          },
        ],
      },
    },
  },
})
const labels = {
  frontend: { app: 'guestbook', tier: 'frontend' },
  primary: { app: 'agnhost', role: 'primary', tier: 'backend' },
  replica: { app: 'agnhost', role: 'replica', tier: 'backend' },
}
/** As test/e2e/testing-manifests/guestbook, in the order in which upstream creates them. */
const components: readonly object[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'guestbook' }, data: scripts },
  service('agnhost-replica', 6379, labels.replica),
  service('agnhost-primary', 6379, labels.primary),
  service('frontend', 80, labels.frontend),
  deployment('frontend', 3, start.frontend, labels.frontend),
  deployment('agnhost-primary', 1, start.primary, labels.primary),
  deployment('agnhost-replica', 2, start.replica, labels.replica),
]

describe('an application of several parts', () => {
  let ns: Namespace
  let api: Api
  beforeAll(async () => {
    ns = await makeNamespace('guestbook')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  it(`is created, keeps what is written, and is stopped${covers('Kubectl, guestbook application')}`, async () => {
    for (const component of components) await ns.kubectl(['create', '-f', '-'], { input: JSON.stringify(component) })
    const pods = (selector: string): Promise<Pod[]> => ns.list('pods', selector)
    await until(
      'all frontends to run',
      async () => {
        const all = await pods('app=guestbook,tier=frontend')
        return all.length === 3 && all.every(({ status }) => status.phase === 'Running') ? true : undefined
      },
      150_000,
    )
    const answers = (query: string, wanted: object): Promise<unknown> =>
      until(
        `${JSON.stringify(wanted)} to ${query}`,
        async () => {
          const path = `/api/v1/namespaces/${ns.name}/services/frontend/proxy/cgi-bin/guestbook?${query}`
          const { code, body } = await api.send('GET', path)
          expect(code).toBe(200)
          expect(body).toEqual(wanted)
          return true
        },
        150_000,
      )
    await answers('cmd=get&key=messages&value=', { data: '' })
    await answers('cmd=set&key=messages&value=TestEntry', { message: 'Updated' })
    await answers('cmd=get&key=messages&value=', { data: 'TestEntry' })

    for (const component of components)
      await ns.kubectl(['delete', '--grace-period=0', '--force', '-f', '-'], { input: JSON.stringify(component) })
    expect([...(await ns.list('deployments')), ...(await ns.list('services'))]).toEqual([])
    await until('its Pods to be gone', async () => ((await pods('tier')).length === 0 ? true : undefined), 150_000)
  })
})

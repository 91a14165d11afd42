import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { namespaces, pods, replicaSets, validatingWebhookConfigurations } from '@kubets/shared/api/resources.gen.ts'
import { createCA, issueCertificate } from '@kubets/shared/process/certificates.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'

// Makes the program's clock, but no timer, run sixteen minutes ahead when it is told to.
const aheadOnSignal = `
  const now = performance.now.bind(performance)
  let ahead = 0
  performance.now = () => now() + ahead
  process.on('SIGUSR2', () => { ahead += 16 * 60_000 })
`

let apiserver: Awaited<ReturnType<typeof startApiServer>>
let folder: string
let manager: ChildProcess
let said = ''
let health: string

beforeAll(async () => {
  apiserver = await startApiServer()
  folder = await mkdtemp(join(tmpdir(), 'manager-test-'))
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content)
    return join(folder, name)
  }
  const port = await freePort()
  health = `http://127.0.0.1:${port}`
  const args = [
    `--import=data:text/javascript,${encodeURIComponent(aheadOnSignal)}`,
    join(import.meta.dirname, 'main.ts'),
    `--kubeconfig=${await apiserver.kubeconfig('manager', ['system:masters'])}`,
    '--leader-elect=false',
    `--secure-port=${port}`,
    `--root-ca-file=${await file('ca.crt', apiserver.authority.cert)}`,
    `--service-account-private-key-file=${await file('sa.key', apiserver.tokenKey)}`,
    '--cluster-cidr=10.99.0.0/16',
  ]
  manager = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [manager.stdout, manager.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text))
  }
  await waitFor(async () => {
    if (manager.exitCode !== null) throw new Error(`the manager ended: ${said}`)
    return said.includes('controllers started')
  })
})

afterAll(async () => {
  const exit = once(manager, 'exit')
  manager.kill('SIGKILL')
  await exit
  await apiserver.stop()
  await rm(folder, { recursive: true })
})

describe('kube-controller-manager', () => {
  const started = (): string[] => {
    const line = said.split('\n').find((one) => one.includes('controllers started')) ?? '{}'
    return (JSON.parse(line) as { controllers?: string[] }).controllers ?? []
  }
  const makersOfPods = [
    'deployment-controller',
    'replicaset-controller',
    'replicationcontroller-controller',
    'statefulset-controller',
    'daemonset-controller',
    'job-controller',
    'cronjob-controller',
  ]

  it.each<[first: string, then: readonly string[]]>([
    // upstream starts this one before all others, which may need what it makes; app/controllermanager.go StartControllers
    ['serviceaccount-token-controller', ['serviceaccount-controller', 'root-ca-certificate-publisher-controller']],
    // a Pod without its account is refused, one without the certificate does not start
    ['serviceaccount-controller', makersOfPods],
    ['root-ca-certificate-publisher-controller', makersOfPods],
    // a node gets Pods when it is ready, and is when it has its range
    ['node-ipam-controller', ['node-lifecycle-controller', ...makersOfPods]],
    ['node-lifecycle-controller', ['taint-eviction-controller', 'device-taint-eviction-controller']],
    ['deployment-controller', ['horizontal-pod-autoscaler-controller']],
    // what removes comes after what makes
    [
      makersOfPods.at(-1) ?? '',
      ['namespace-controller', 'pod-garbage-collector-controller', 'garbage-collector-controller'],
    ],
  ])('starts %s before those that need it', (first, then) => {
    const names = started()
    expect(names).toEqual(expect.arrayContaining([first, ...then]))
    for (const later of then) expect([later, names.indexOf(later) > names.indexOf(first)]).toEqual([later, true])
  })

  const ask = async (path: string): Promise<[status: number, text: string]> => {
    const response = await fetch(`${health}${path}`)
    return [response.status, await response.text()]
  }

  it('names over HTTP the controller that is stuck, and on what, until it goes on', async () => {
    expect(await ask('/healthz')).toEqual([200, 'ok'])
    const authority = await createCA('webhooks')
    const { cert, key } = await issueCertificate(authority, {
      commonName: 'webhook',
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
      days: 1,
    })
    // it takes what it is asked, and does not answer
    const held: string[] = []
    const webhook: Server = createServer({ cert, key }, (request) => held.push(request.url ?? ''))
    await once(webhook.listen(0, '127.0.0.1'), 'listening')
    await apiserver.client.create(validatingWebhookConfigurations, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'silent' },
      webhooks: [
        {
          name: 'silent.example.com',
          clientConfig: {
            url: `https://127.0.0.1:${(webhook.address() as AddressInfo).port}/`,
            caBundle: Buffer.from(authority.cert).toString('base64'),
          },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          timeoutSeconds: 30,
        },
      ],
    })
    const namespace = 'stuck'
    await apiserver.client.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    } as never)
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    await apiserver.client.create(
      replicaSets,
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: 'web' },
        spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template },
      },
      { namespace },
    )
    await waitFor(async () => held.length > 0)
    manager.kill('SIGUSR2')
    await waitFor(async () => (await ask('/healthz'))[0] === 500)
    const [, text] = await ask('/healthz')
    expect(text).toMatch(/^\[-\]replicaset-controller failed: it has been busy with stuck\/web for 9\d\d s$/m)
    expect(text).toMatch(/^\[\+\]job-controller ok$/m)
    const [status, alone] = await ask('/healthz/replicaset-controller')
    expect([status, alone]).toEqual([500, expect.stringContaining('busy with stuck/web')])
    expect(await ask('/healthz/job-controller')).toEqual([200, 'ok'])

    await apiserver.client.delete(validatingWebhookConfigurations, 'silent')
    webhook.closeAllConnections()
    await once(webhook.close(), 'close')
    await waitFor(async () => (await ask('/healthz'))[0] === 200)
    await waitFor(async () => (await apiserver.client.list(pods, { namespace })).items.length === 1)
  })
})

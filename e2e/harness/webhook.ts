import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCA, issueCertificate } from '@kubets/shared/process/certificates.ts'
import { connect, type ApiObject } from './api.ts'
import { hostAddress, makeNamespace, removeNamespace, type Namespace } from './namespace.ts'
import { until } from './until.ts'

interface Request {
  readonly name?: string
  readonly operation: string
  readonly object: (ApiObject & { readonly data?: Record<string, string> }) | null
  readonly oldObject: (ApiObject & { readonly data?: Record<string, string> }) | null
}

interface Decision {
  readonly allowed: boolean
  readonly status?: { readonly message: string } | { readonly reason: string }
  readonly patch?: readonly object[]
}

const allow: Decision = { allowed: true }
const deny = (message: string): Decision => ({ allowed: false, status: { message } })
const denyFor = (reason: string): Decision => ({ allowed: false, status: { reason } })
const patch = (...operations: object[]): Decision => ({ allowed: true, patch: operations })

/** What the webhook of upstream's tests (test/images/agnhost/webhook) decides, by path. */
const decisions: Readonly<Record<string, (request: Request) => Decision | Promise<Decision>>> = {
  '/always-deny': () => deny('this webhook denies all requests'),
  '/always-allow-delay-5s': async () => {
    await sleep(5000)
    return allow
  },
  '/add-label': () => patch({ op: 'add', path: '/metadata/labels', value: { 'added-label': 'yes' } }),
  '/pods': async ({ object }) => {
    const { containers } = object?.['spec'] as { containers: { name: string }[] }
    const label = object?.metadata.labels?.['webhook-e2e-test']
    if (label === 'wait-forever') await new Promise(() => {})
    const problems = [
      ...(containers.some(({ name }) => name.includes('webhook-disallow'))
        ? ['the pod contains unwanted container name']
        : []),
      ...(label === 'webhook-disallow' ? ['the pod contains unwanted label'] : []),
    ]
    return problems.length > 0 ? deny(problems.join('; ')) : allow
  },
  '/pods/attach': ({ name }) =>
    name === 'to-be-attached-pod' ? deny(`attaching to pod 'to-be-attached-pod' is not allowed`) : allow,
  '/mutating-pods': ({ object }) =>
    object?.metadata.name === 'webhook-to-be-mutated'
      ? patch({
          op: 'add',
          path: '/spec/initContainers',
          value: [{ name: 'webhook-added-init-container', image: 'kubets/busybox:1', resources: {} }],
        })
      : allow,
  '/configmaps': ({ object }) =>
    object?.data?.['webhook-e2e-test'] === 'webhook-disallow'
      ? deny('the configmap contains unwanted key and value')
      : allow,
  '/mutating-configmaps': ({ object }) => stages(object?.data),
  '/custom-resource': ({ operation, object, oldObject }) => {
    const word = (operation === 'DELETE' ? oldObject : object)?.data?.['webhook-e2e-test']
    if (word === 'webhook-disallow' && operation !== 'DELETE')
      return denyFor('the custom resource contains unwanted data')
    if (word === 'webhook-nondeletable' && operation === 'DELETE')
      return denyFor('the custom resource cannot be deleted because it contains unwanted key and value')
    return allow
  },
  '/mutating-custom-resource': ({ object }) => stages(object?.data),
  '/crd': ({ object }) =>
    object?.metadata.labels?.['webhook-e2e-test'] === 'webhook-disallow'
      ? deny('the crd contains unwanted label')
      : allow,
}

function stages(data: Record<string, string> = {}): Decision {
  const added = [
    ...(data['mutation-start'] === 'yes' ? ['mutation-stage-1'] : []),
    ...(data['mutation-stage-1'] === 'yes' ? ['mutation-stage-2'] : []),
  ]
  return patch(...added.map((key) => ({ op: 'add', path: `/data/${key}`, value: 'yes' })))
}

/** A namespace with a Service named e2e-test-webhook, behind which this process decides. */
export interface Hooked {
  readonly ns: Namespace
  /** Selects the namespace, and no other. */
  readonly namespaceSelector: { readonly matchLabels: Record<string, string> }
  /** For a webhook's clientConfig. */
  at(path: string): object
  /** Creates a configuration and waits until it is in effect; it goes with everything else. */
  register(sort: 'mutating' | 'validating', name: string, webhooks: readonly object[], labels?: object): Promise<void>
  /** Removes the namespace and all configurations. */
  end(): Promise<void>
}

const registration = '/apis/admissionregistration.k8s.io/v1'
const servicePort = 8443

/** The fields that webhooks must have and that are the same in all cases. */
export const webhookFields = { sideEffects: 'None', admissionReviewVersions: ['v1', 'v1beta1'] }
/** Rules for one resource of the core group. */
export const rulesFor = (resource: string, ...operations: string[]): object[] => [
  { operations, apiGroups: [''], apiVersions: ['v1'], resources: [resource] },
]

export async function makeHooked(prefix: string): Promise<Hooked> {
  const ns = await makeNamespace(prefix)
  const api = await connect()
  const authority = await createCA('webhook-ca')
  const dnsNames = [`e2e-test-webhook.${ns.name}.svc`]
  const own = await issueCertificate(authority, { commonName: 'webhook', dnsNames, usages: ['server'], days: 1 })
  const server = createServer(own, (request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const review = JSON.parse(text) as { request: Request & { uid: string } }
      const decide = decisions[request.url?.split('?')[0] ?? '']
      void Promise.resolve(decide?.(review.request)).then((decision) => {
        if (!decision) return response.writeHead(404).end()
        const { patch: operations = [], ...rest } = decision
        const encoded = Buffer.from(JSON.stringify(operations)).toString('base64')
        const patched = operations.length > 0 ? { patchType: 'JSONPatch', patch: encoded } : {}
        return response.end(
          JSON.stringify({ ...review, request: undefined, response: { uid: review.request.uid, ...rest, ...patched } }),
        )
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  await ns.apply(
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'e2e-test-webhook' },
      spec: { ports: [{ port: servicePort, targetPort: port }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'e2e-test-webhook', labels: { 'kubernetes.io/service-name': 'e2e-test-webhook' } },
      addressType: 'IPv4',
      ports: [{ name: '', port }],
      endpoints: [{ addresses: [await hostAddress()], conditions: { ready: true } }],
    },
  )
  const matchLabels = { 'kubernetes.io/metadata.name': ns.name }
  const caBundle = Buffer.from(authority.cert).toString('base64')
  const at = (path: string): object => ({
    service: { namespace: ns.name, name: 'e2e-test-webhook', path, port: servicePort },
    caBundle,
  })
  // test/e2e/apimachinery/webhook.go newValidatingIsReadyWebhookFixture: what answers this one has them all
  const marker = {
    ...webhookFields,
    rules: rulesFor('configmaps', 'CREATE'),
    namespaceSelector: { matchLabels },
    clientConfig: at('/always-deny'),
  }
  const made: string[] = []
  return {
    ns,
    namespaceSelector: { matchLabels },
    at,
    async register(sort, name, webhooks, labels = {}) {
      const path = `${registration}/${sort}webhookconfigurations`
      const label = `ready-${String(made.length)}`
      const ready = { ...marker, name: `${label}.k8s.io.test`, objectSelector: { matchLabels: { [label]: 'yes' } } }
      made.push(`${path}/${name}`)
      await api.call('POST', path, { metadata: { name, labels }, webhooks: [...webhooks, ready] })
      await until(`${name} to be in effect`, async () => {
        const body = { metadata: { name: label, labels: { [label]: 'yes' } } }
        const maps = `/api/v1/namespaces/${ns.name}/configmaps?dryRun=All`
        const answer = await api.send<{ message?: string }>('POST', maps, body)
        return answer.body.message?.includes(`"${ready.name}" denied`) ? true : undefined
      })
    },
    async end() {
      await Promise.all(made.map((path) => api.send('DELETE', path)))
      await removeNamespace(ns)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

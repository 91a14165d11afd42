// Run by Node inside a Pod: a small API server of the group wardle.example.com that stands behind the aggregator. It lets
// callers in as upstream's sample does: by the front proxy's certificate and headers, and by asking the cluster whether they may.
import { readFileSync } from 'node:fs'
import { createServer, request, type RequestOptions } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'

interface Flunder {
  metadata: { name: string; namespace: string; resourceVersion: string; uid: string; labels?: Record<string, string> }
}

const group = 'wardle.example.com'
const version = 'v1alpha1'
const account = '/var/run/secrets/kubernetes.io/serviceaccount'
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'watch']

const cluster: RequestOptions = {
  host: process.env['KUBERNETES_SERVICE_HOST'],
  port: process.env['KUBERNETES_SERVICE_PORT'],
  ca: readFileSync(`${account}/ca.crt`),
}

/** Asks the cluster's own API server, as this Pod's service account. */
function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const authorization = `Bearer ${readFileSync(`${account}/token`, 'utf8')}`
  return new Promise((resolve, reject) => {
    const sent = request(
      { ...cluster, method, path, timeout: 10_000, headers: { authorization, 'content-type': 'application/json' } },
      (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () => {
          if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text) as T)
          else reject(new Error(`${method} ${path}: ${text}`))
        })
      },
    )
    sent.on('timeout', () => sent.destroy(new Error('no answer')))
    sent.on('error', reject)
    sent.end(body && JSON.stringify(body))
  })
}

const settings = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication'
const { data } = await ask<{ data: Record<string, string> }>('GET', settings)
const allowed = JSON.parse(data['requestheader-allowed-names'] ?? '[]') as string[]

const flunders = new Map<string, Flunder>()
const watchers = new Set<{ namespace: string; response: ServerResponse }>()
let revision = 1

const send = (response: ServerResponse, code: number, body: object): void => {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
const failure = (response: ServerResponse, code: number, reason: string, message: string): void =>
  send(response, code, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, message, code })

function tell(type: string, flunder: Flunder): void {
  for (const { namespace, response } of watchers) {
    if (namespace === '' || namespace === flunder.metadata.namespace) {
      response.write(`${JSON.stringify({ type, object: flunder })}\n`)
    }
  }
}

/** Who asks, by the front proxy; undefined when nobody vouches for the caller. */
function userOf(incoming: IncomingMessage): { user: string; groups: string[] } | undefined {
  const socket = incoming.socket as TLSSocket
  const name = [socket.getPeerCertificate().subject?.CN].flat()[0] ?? ''
  const user = incoming.headers['x-remote-user']
  if (!socket.authorized || !allowed.includes(name) || typeof user !== 'string') return undefined
  const groups = incoming.headersDistinct['x-remote-group'] ?? []
  return { user, groups }
}

async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'https://localhost')
  if (pathname === '/readyz') return void response.end('ok')
  const caller = userOf(incoming)
  if (caller === undefined) return failure(response, 401, 'Unauthorized', 'Unauthorized')
  if (pathname === `/apis/${group}/${version}`) {
    const resource = { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs }
    const list = { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/${version}` }
    return send(response, 200, { ...list, resources: [resource] })
  }
  const [, namespace = '', name = ''] =
    /^\/apis\/[^/]+\/[^/]+(?:\/namespaces\/([^/]+))?\/flunders(?:\/([^/]+))?$/.exec(pathname) ?? []
  const watching = searchParams.has('watch')
  const byMethod: Record<string, string> = { POST: 'create', DELETE: name === '' ? 'deletecollection' : 'delete' }
  const verb = byMethod[incoming.method ?? ''] ?? (name !== '' ? 'get' : watching ? 'watch' : 'list')
  const review = await ask<{ status: { allowed: boolean } }>(
    'POST',
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { ...caller, resourceAttributes: { group, version, resource: 'flunders', verb, namespace, name } },
    },
  )
  if (!review.status.allowed) return failure(response, 403, 'Forbidden', `${caller.user} may not ${verb} flunders`)
  await answer(verb, namespace, name, incoming, response)
}

async function answer(
  verb: string,
  namespace: string,
  name: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const key = `${namespace}/${name}`
  const found = flunders.get(key)
  const all = [...flunders.values()].filter((one) => namespace === '' || one.metadata.namespace === namespace)
  const list = {
    apiVersion: `${group}/${version}`,
    kind: 'FlunderList',
    metadata: { resourceVersion: String(revision) },
  }
  if (verb === 'list') return send(response, 200, { ...list, items: all })
  if (verb === 'watch') {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    const watcher = { namespace, response }
    watchers.add(watcher)
    response.on('close', () => watchers.delete(watcher))
    return
  }
  if (verb === 'create') {
    let text = ''
    for await (const chunk of incoming) text += String(chunk)
    const given = JSON.parse(text) as Flunder
    const metadata = { ...given.metadata, namespace, uid: crypto.randomUUID(), resourceVersion: String(++revision) }
    const created: Flunder = { ...given, metadata }
    flunders.set(`${namespace}/${metadata.name}`, created)
    tell('ADDED', created)
    return send(response, 201, created)
  }
  if (verb !== 'deletecollection' && found === undefined) {
    return failure(response, 404, 'NotFound', `flunders.${group} "${name}" not found`)
  }
  if (verb === 'get') return send(response, 200, found ?? {})
  for (const one of verb === 'delete' && found ? [found] : all) {
    flunders.delete(`${one.metadata.namespace}/${one.metadata.name}`)
    tell('DELETED', one)
  }
  return send(response, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' })
}

const certificates = '/apiserver.local.config/certificates'
createServer(
  {
    cert: readFileSync(`${certificates}/tls.crt`),
    key: readFileSync(`${certificates}/tls.key`),
    ca: data['requestheader-client-ca-file'],
    requestCert: true,
    rejectUnauthorized: false,
  },
  (incoming, response) => {
    serve(incoming, response).catch((error: Error) => failure(response, 500, 'InternalError', error.message))
  },
).listen(443)

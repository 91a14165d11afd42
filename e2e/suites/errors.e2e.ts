import { request } from 'node:https'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubectl, run } from '../harness/kubectl.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'

interface Answer {
  readonly code: number
  readonly body: {
    readonly message?: string
    readonly reason?: string
    readonly details?: { causes?: { field: string; reason: string }[] }
  }
}

interface Config {
  readonly clusters: { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }[]
  readonly users: {
    readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string }
  }[]
}

/** A Status; what is plain text becomes its message. */
function parsed(type: string | undefined, text: string): Answer['body'] {
  return type?.startsWith('application/json') ? (JSON.parse(text) as Answer['body']) : { message: text }
}

/** What kubectl says of its request: before it, klog's lines tell of API groups that are away, as of suites alongside. */
const saidBy = ({ stderr }: { stderr: string }): string => stderr.replace(/^E\d{4} .*\n/gm, '')

/** Bad input gets a clear Status and changes nothing. */
describe('bad requests', () => {
  let ns: Namespace
  let config: Config

  beforeAll(async () => {
    ns = await makeNamespace('errors')
    config = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '-o', 'json'])) as Config
  })
  afterAll(() => removeNamespace(ns))

  /** A request with the admin's certificate, or without any, past kubectl's own checks. */
  const send = (
    method: string,
    path: string,
    body: string | undefined,
    options: { anonymous?: boolean; type?: string } = {},
  ): Promise<Answer> => {
    const cluster = config.clusters[0]?.cluster
    const user = options.anonymous ? undefined : config.users[0]?.user
    const decoded = (text: string | undefined): string | undefined =>
      text === undefined ? undefined : Buffer.from(text, 'base64').toString()
    return new Promise((resolve, reject) => {
      const sent = request(
        `${cluster?.server ?? ''}${path}`,
        {
          method,
          agent: false,
          ca: decoded(cluster?.['certificate-authority-data']),
          cert: decoded(user?.['client-certificate-data']),
          key: decoded(user?.['client-key-data']),
          headers: { 'content-type': options.type ?? 'application/json' },
          timeout: 20_000,
        },
        (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('end', () =>
            resolve({ code: response.statusCode ?? 0, body: parsed(response.headers['content-type'], text) }),
          )
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
  }
  const pods = (): string => `/api/v1/namespaces/${ns.name}/pods`

  it('malformed JSON and YAML: 400 that names the place', async () => {
    const json = await send('POST', pods(), '{"kind": "Pod", ')
    expect(json).toMatchObject({ code: 400, body: { reason: 'BadRequest' } })
    const yaml = await send('POST', pods(), 'kind: Pod\n  bad: [', { type: 'application/yaml' })
    expect(yaml).toMatchObject({ code: 400, body: { reason: 'BadRequest' } })
    expect(yaml.body.message).toMatch(/line \d+/)
    const wrongType = await send(
      'POST',
      pods(),
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { containers: 'no' } }),
    )
    expect(wrongType.code).toBe(400)
    expect(wrongType.body.message).toContain('spec.containers')
  })

  it('an unknown kind or path: 404 in upstream’s words', async () => {
    expect(await send('GET', '/apis/apps/v1/nonsenses', undefined)).toMatchObject({
      code: 404,
      body: { message: 'the server could not find the requested resource', reason: 'NotFound' },
    })
    expect(await send('GET', '/apis/nonsense.example.com/v1/nonsenses', undefined)).toEqual({
      code: 404,
      body: { message: '404 page not found\n' },
    })
    expect((await run('kubectl', ['get', '--raw', '/apis/apps/v1/nonsenses'])).stderr).toBe(
      'Error from server (NotFound): the server could not find the requested resource\n',
    )
    expect((await ns.try(['get', 'nonsense'])).stderr).toContain(`the server doesn't have a resource type "nonsense"`)
    expect(saidBy(await ns.try(['get', 'pod', 'nobody']))).toBe(
      'Error from server (NotFound): pods "nobody" not found\n',
    )
  })

  it('an invalid field: 422 with the path and the reason, and nothing is stored', async () => {
    const bad = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'Bad_Name' },
      spec: { containers: [{ name: 'c', image: '' }], restartPolicy: 'Sometimes' },
    }
    const answer = await send('POST', pods(), JSON.stringify(bad))
    expect(answer).toMatchObject({ code: 422, body: { reason: 'Invalid' } })
    const causes = answer.body.details?.causes?.map((cause) => [cause.field, cause.reason])
    expect(causes).toContainEqual(['metadata.name', 'FieldValueInvalid'])
    expect(causes).toContainEqual(['spec.containers[0].image', 'FieldValueRequired'])
    expect(causes).toContainEqual(['spec.restartPolicy', 'FieldValueNotSupported'])
    expect(await ns.kubectl(['get', 'pods', '-o', 'name'])).toBe('')
  })

  it('an unknown field, when asked to be strict: 400 that names it', async () => {
    const refused = await ns.try(['apply', '-f', '-'], {
      input: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndaata: {a: b}\n',
    })
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('unknown field "daata"')
  })

  it('nobody: 401 or 403; somebody without the right: 403 that names verb and resource', async () => {
    expect((await send('GET', pods(), undefined, { anonymous: true })).code).toBeOneOf([401, 403])
    const foreign = await run('sh', [
      '-c',
      'd=$(mktemp -d) && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=mallory/O=system:masters -keyout $d/k -out $d/c -days 1 2>/dev/null && ' +
        `curl -sk -o /dev/null -w '%{http_code}' --cert $d/c --key $d/k "${config.clusters[0]?.cluster.server ?? ''}/api/v1/nodes"; rm -r $d`,
    ])
    expect(foreign.stdout).toBe('401')
    const token = (await ns.kubectl(['create', 'token', 'default'])).trim()
    const forbidden = await ns.try([
      '--kubeconfig=/dev/null',
      `--server=${config.clusters[0]?.cluster.server ?? ''}`,
      '--insecure-skip-tls-verify',
      `--token=${token}`,
      'get',
      'pods',
    ])
    expect(saidBy(forbidden)).toBe(
      `Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:${ns.name}:default" cannot list resource "pods" in API group "" in the namespace "${ns.name}"\n`,
    )
  })

  it('an object of more than 3 MiB: 413', async () => {
    const large = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'large' },
      data: { a: 'x'.repeat(3.2 * 1024 * 1024) },
    }
    const answer = await send('POST', `/api/v1/namespaces/${ns.name}/configmaps`, JSON.stringify(large))
    expect(answer).toMatchObject({ code: 413, body: { reason: 'RequestEntityTooLarge' } })
  })

  it('a stale update: 409', async () => {
    await ns.kubectl(['create', 'configmap', 'stale'])
    const path = `/api/v1/namespaces/${ns.name}/configmaps/stale`
    const { body } = await send('GET', path, undefined)
    expect((await send('PUT', path, JSON.stringify({ ...body, data: { a: '1' } }))).code).toBe(200)
    expect(await send('PUT', path, JSON.stringify({ ...body, data: { a: '2' } }))).toMatchObject({
      code: 409,
      body: {
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on configmaps "stale": the object has been modified; please apply your changes to the latest version and try again',
      },
    })
  })
})

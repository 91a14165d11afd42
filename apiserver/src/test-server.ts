import https from 'node:https'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import {
  createCA,
  generateServiceAccountKeys,
  issueCertificate,
  type CertificateAndKey,
} from '@kubets/shared/process/certificates.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { startEtcd } from '@kubets/shared/testing/etcd.ts'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { startApiServer, type ApiServer } from './apiserver.ts'
import type { Options } from './options.ts'
import { servedKinds } from './registry/runtime-config.ts'

export interface Reply {
  code: number
  headers: https.RequestOptions['headers'] & Record<string, string | string[] | undefined>
  text: string
  bytes: Buffer
  /** The body as JSON; reading it throws when it is none. */
  readonly json: Record<string, unknown> & { message?: string; metadata?: Record<string, unknown>; items?: unknown[] }
}

export interface Identity {
  certificate?: CertificateAndKey
  token?: string
}

export interface Call {
  method?: string
  /** An object is sent as JSON, a text or bytes as they are. */
  body?: unknown
  headers?: Record<string, string>
  as?: Identity
}

export interface TestServer {
  port: number
  authority: CertificateAndKey
  admin: Identity
  frontProxyAuthority: CertificateAndKey
  /** A proxy that may name users in headers; also what the apiserver shows to aggregated API servers. */
  frontProxy: Identity
  /** A client certificate of the cluster's authority. */
  identity(commonName: string, ...organizations: string[]): Promise<Identity>
  call(path: string, call?: Call): Promise<Reply>
  etcd: Awaited<ReturnType<typeof startEtcd>>
  stop(): Promise<void>
}

/** Much more than it takes, for a machine that does much else. */
const readyMilliseconds = 45_000

/** A whole apiserver in this process on an etcd of its own, ready to be asked; `given` are options of its own. */
export async function startTestServer(
  given: Partial<Options> & { runtimeConfig?: readonly string[] } = {},
): Promise<TestServer> {
  const { runtimeConfig = [], ...options } = given
  const etcd = await startEtcd()
  const authority = await createCA('kubets-ca')
  const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] }
  const common = { days: 1, usages: ['server', 'client'] as ('server' | 'client')[] }
  const own = await issueCertificate(authority, { commonName: 'kube-apiserver', ...names, ...common })
  const keys = await generateServiceAccountKeys()
  const frontProxyAuthority = await createCA('front-proxy-ca')
  const frontProxy = {
    certificate: await issueCertificate(frontProxyAuthority, {
      commonName: 'front-proxy-client',
      days: 1,
      usages: ['client'],
    }),
  }
  const port = await freePort()
  const issuer = 'https://kubernetes.default.svc.cluster.local'
  const server: ApiServer = await startApiServer(
    {
      etcdServers: [etcd.endpoint],
      etcdTls: undefined,
      etcdPrefix: '/registry',
      host: '127.0.0.1',
      port,
      advertiseAddress: '192.0.2.1',
      cert: own.cert,
      key: own.key,
      clientCa: authority.cert,
      serviceClusterIPRanges: ['10.96.0.0/12'],
      nodePortRange: { min: 30000, max: 32767 },
      issuer,
      audiences: [issuer],
      signingKey: keys.privateKey,
      verificationKeys: [keys.publicKey],
      kubelet: { cert: own.cert, key: own.key, ca: authority.cert },
      requestHeader: {
        clientCa: frontProxyAuthority.cert,
        allowedNames: ['front-proxy-client'],
        usernameHeaders: ['X-Remote-User'],
        uidHeaders: ['X-Remote-Uid'],
        groupHeaders: ['X-Remote-Group'],
        extraHeaderPrefixes: ['X-Remote-Extra-'],
      },
      proxyClient: frontProxy.certificate,
      aggregatorRouting: true,
      extendTokenExpiration: true,
      staticTokens: new Map(),
      bootstrapTokens: true,
      seats: 600,
      authorizationModes: ['Node', 'RBAC'],
      kinds: servedKinds(runtimeConfig),
      ...options,
    },
    realClock,
    silentLogger,
  )
  const identity = async (commonName: string, ...organizations: string[]): Promise<Identity> => ({
    certificate: await issueCertificate(authority, { commonName, organizations, days: 1, usages: ['client'] }),
  })
  const admin = await identity('kubernetes-admin', 'system:masters')
  const call = (path: string, given: Call = {}): Promise<Reply> =>
    send(port, authority.cert, path, { as: admin, ...given })
  const result: TestServer = {
    port,
    authority,
    admin,
    frontProxyAuthority,
    frontProxy,
    identity,
    call,
    etcd,
    async stop() {
      await server.close()
      await etcd.stop()
    },
  }
  const deadline = realClock.elapsed() + readyMilliseconds
  for (;;) {
    const { code, text } = await call('/readyz?verbose')
    if (code === 200) return result
    if (realClock.elapsed() > deadline) {
      // else the etcd that is left running would keep the test run from ending
      await result.stop()
      throw new Error(`the apiserver does not get ready: ${text}`)
    }
    await realClock.sleep(20)
  }
}

function send(port: number, ca: string, path: string, { method, body, headers, as }: Call): Promise<Reply> {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
  const data = body === undefined ? undefined : isRaw ? (body as string | Buffer) : JSON.stringify(body)
  const sent: Record<string, string> = { ...headers }
  if (data !== undefined) {
    sent['content-type'] ??= 'application/json'
    // Node does not say how long the body of a DELETE is
    sent['content-length'] ??= String(Buffer.byteLength(data))
  }
  if (as?.token !== undefined) sent['authorization'] = `Bearer ${as.token}`
  return new Promise((resolve, reject) => {
    const request = https.request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: method ?? (data === undefined ? 'GET' : 'POST'),
        ca,
        ...as?.certificate,
        headers: sent,
        agent: false,
        timeout: 20_000,
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const bytes = Buffer.concat(chunks)
          const text = bytes.toString()
          const code = response.statusCode ?? 0
          resolve({
            code,
            headers: response.headers,
            text,
            bytes,
            get json() {
              return JSON.parse(text) as Reply['json']
            },
          })
        })
      },
    )
    request.on('timeout', () => request.destroy(new Error(`${path}: no answer`)))
    request.on('error', reject)
    request.end(data)
  })
}

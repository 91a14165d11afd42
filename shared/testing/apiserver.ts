import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '../client/client.ts'
import {
  createCA,
  generateServiceAccountKeys,
  issueCertificate,
  type CertificateAndKey,
} from '../process/certificates.ts'
import { realClock } from '../process/clock.ts'
import { startEtcd } from './etcd.ts'
import { freePort } from './ports.ts'
import { waitFor } from './wait.ts'

interface TestApiServer {
  /** https://127.0.0.1:… */
  server: string
  pid: number
  /** Where its etcd answers, e.g. http://127.0.0.1:41234 */
  etcd: string
  /** PEM of the private key that signs tokens of service accounts. */
  tokenKey: string
  /** Whose certificates of clients the server takes. */
  authority: CertificateAndKey
  /** An administrator's client. */
  client: Client
  /** Writes a kubeconfig for a client certificate of this name and these groups; returns its path. */
  kubeconfig(user: string, groups?: string[]): Promise<string>
  /** Ends the apiserver and its etcd and removes their data. */
  stop(): Promise<void>
}

const program = join(import.meta.dirname, '../../apiserver/src/main.ts')

/** A real apiserver, a process of its own with these flags more, on a real etcd, for component tests. Needs `etcd` in the PATH. */
export async function startApiServer(flags: readonly string[] = []): Promise<TestApiServer> {
  const etcd = await startEtcd()
  const folder = await mkdtemp(join(tmpdir(), 'apiserver-test-'))
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content)
    return join(folder, name)
  }
  const ca = await createCA('test')
  const serving = await issueCertificate(ca, {
    commonName: 'kube-apiserver',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    days: 1,
  })
  const toKubelets = await issueCertificate(ca, {
    commonName: 'kube-apiserver-kubelet-client',
    organizations: ['system:masters'],
    usages: ['client'],
    days: 1,
  })
  const { privateKey: tokenKey } = await generateServiceAccountKeys()
  const port = await freePort()
  const server = `https://127.0.0.1:${port}`
  const args = [
    program,
    `--etcd-servers=${etcd.endpoint}`,
    '--bind-address=127.0.0.1',
    // stands in the Endpoints of the kubernetes Service, where loopback is not allowed; nobody goes there
    '--advertise-address=192.0.2.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${await file('server.crt', serving.cert)}`,
    `--tls-private-key-file=${await file('server.key', serving.key)}`,
    `--client-ca-file=${await file('ca.crt', ca.cert)}`,
    `--kubelet-client-certificate=${await file('kubelet.crt', toKubelets.cert)}`,
    `--kubelet-client-key=${await file('kubelet.key', toKubelets.key)}`,
    `--service-account-signing-key-file=${await file('sa.key', tokenKey)}`,
    ...flags,
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += said.length < 4096 ? text : ''))

  const certificateFor = (user: string, groups: string[]) =>
    issueCertificate(ca, { commonName: user, organizations: groups, usages: ['client'], days: 1 })
  const admin = await certificateFor('kubernetes-admin', ['system:masters'])
  const client = new Client({ server, ca: ca.cert, ...admin, userAgent: 'test' }, { clock: realClock })
  const ready = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`the apiserver ended: ${said}`)
    return client.raw('GET', '/readyz').then(
      ({ status }) => status === 200,
      () => false,
    )
  }
  const stop = async (): Promise<void> => {
    await client.close()
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await etcd.stop()
    await rm(folder, { recursive: true, force: true })
  }
  await waitFor(ready).catch(async (error: unknown) => {
    await stop()
    throw new Error(`the apiserver did not become ready: ${said}`, { cause: error })
  })
  return {
    server,
    pid: child.pid ?? 0,
    etcd: etcd.endpoint,
    tokenKey,
    authority: ca,
    client,
    stop,
    async kubeconfig(user, groups = []) {
      const { cert, key } = await certificateFor(user, groups)
      const base64 = (text: string): string => Buffer.from(text).toString('base64')
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'test',
        contexts: [{ name: 'test', context: { cluster: 'test', user } }],
        clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca.cert) } }],
        users: [{ name: user, user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
      }
      return file(`${user.replaceAll(':', '-')}.kubeconfig`, JSON.stringify(config))
    },
  }
}

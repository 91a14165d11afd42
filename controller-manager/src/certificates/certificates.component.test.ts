import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { certificateSigningRequests, clusterRoleBindings } from '@kubets/shared/api/resources.gen.ts'
import type { CertificateSigningRequest } from '@kubets/shared/api/types/certificates-v1.ts'
import { loadKubeconfig } from '@kubets/shared/client/config.ts'
import { Client } from '@kubets/shared/client/client.ts'
import { isForbidden } from '@kubets/shared/machinery/errors.ts'
import { realClock } from '@kubets/shared/testing/real-clock.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestManager, type TestManager } from '../manager.testing.ts'

const run = promisify(execFile)
let manager: TestManager
let folder: string
let kubeconfig: string
beforeAll(async () => {
  manager = await startTestManager()
  folder = await mkdtemp(join(tmpdir(), 'certificates-'))
  kubeconfig = await manager.kubeconfig('kubernetes-admin', ['system:masters'])
})
afterAll(async () => {
  await manager.stop()
  await rm(folder, { recursive: true, force: true })
})

const kubectl = async (...args: string[]): Promise<string> => {
  const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: folder }
  return (await run('kubectl', args, { env, timeout: 60_000 })).stdout
}

/** A request that openssl makes; its key is in the folder. */
const requestFor = async (name: string, subject: string): Promise<string> => {
  const [key, out] = [join(folder, `${name}.key`), join(folder, `${name}.csr`)]
  await run('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-subj', subject, '-out', out])
  return (await readFile(out)).toString('base64')
}

const kubelet = 'kubernetes.io/kube-apiserver-client-kubelet'
const object = (name: string, spec: CertificateSigningRequest['spec']): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name },
  spec,
})
const read = (name: string): Promise<CertificateSigningRequest> => manager.client.get(certificateSigningRequests, name)

it('kubectl approves a request, and with the certificate jane can do what she may', async () => {
  const request = await requestFor('jane', '/O=devs/CN=jane')
  const signerName = 'kubernetes.io/kube-apiserver-client'
  const file = join(folder, 'jane.json')
  await writeFile(
    file,
    JSON.stringify(object('jane', { request, signerName, usages: ['client auth'], expirationSeconds: 3600 })),
  )
  await kubectl('create', '-f', file)
  await kubectl('create', 'clusterrolebinding', 'devs', '--clusterrole=view', '--group=devs')
  expect(await kubectl('certificate', 'approve', 'jane')).toBe(
    'certificatesigningrequest.certificates.k8s.io/jane approved\n',
  )
  const certificate = await waitFor(async () => (await read('jane')).status?.certificate)
  expect(await kubectl('get', 'csr', 'jane')).toMatch(/kubernetes-admin +60m +Approved,Issued/)

  const cert = join(folder, 'jane.crt')
  await writeFile(cert, Buffer.from(certificate, 'base64'))
  const { stdout } = await run('openssl', ['x509', '-in', cert, '-noout', '-text'])
  expect(stdout).toMatch(/Subject: O = devs, CN = jane/)
  expect(stdout).toMatch(/Extended Key Usage: *\n *TLS Web Client Authentication/)
  expect(stdout).toContain('CA:FALSE')
  expect(stdout).not.toContain('X509v3 Key Usage')

  const { server, ca } = loadKubeconfig(kubeconfig)
  const key = await readFile(join(folder, 'jane.key'), 'utf8')
  const jane = { cert: await readFile(cert, 'utf8'), key }
  const client = new Client(
    { server, ...(ca === undefined ? {} : { ca }), ...jane, userAgent: 'jane' },
    { clock: realClock },
  )
  try {
    expect((await client.raw('GET', '/api/v1/namespaces/default/pods')).status).toBe(200)
    expect((await client.raw('GET', '/api/v1/nodes')).status).toBe(403)
  } finally {
    await client.close()
  }
})

it('what the signer may not sign has failed', async () => {
  const request = await requestFor('robot', '/CN=robot')
  await manager.client.create(
    certificateSigningRequests,
    object('robot', { request, signerName: kubelet, usages: ['any'] }),
  )
  await kubectl('certificate', 'approve', 'robot')
  const failed = await waitFor(async () =>
    (await read('robot')).status?.conditions?.find(({ type }) => type === 'Failed'),
  )
  expect(failed).toMatchObject({
    status: 'True',
    reason: 'SignerValidationFailure',
    message: 'subject organization is not system:nodes',
  })
  expect(await kubectl('get', 'csr', 'robot')).toMatch(/Approved,Failed/)
})

it('a kubelet that joins has its certificate by itself once its group may', async () => {
  const request = await requestFor('node', '/O=system:nodes/CN=system:node:n1')
  const usages = ['digital signature', 'client auth']
  const bind = (name: string, role: string): Promise<unknown> =>
    manager.client.create(clusterRoleBindings, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'joiners' }],
    })
  await bind('joiners-ask', 'system:node-bootstrapper')
  const joiner = new Client(loadKubeconfig(await manager.kubeconfig('joiner', ['joiners'])), { clock: realClock })
  try {
    // who just was permitted to is known to be a moment later
    await waitFor(() =>
      joiner.create(certificateSigningRequests, object('node', { request, signerName: kubelet, usages })).then(
        () => true,
        (error: unknown) => {
          if (!isForbidden(error)) throw error
          return false
        },
      ),
    )
  } finally {
    await joiner.close()
  }
  expect((await read('node')).status?.conditions ?? []).toEqual([])
  await bind('joiners-may', 'system:certificates.k8s.io:certificatesigningrequests:nodeclient')
  const { spec, status } = await waitFor(async () => {
    const one = await read('node')
    return one.status?.certificate ? one : undefined
  })
  expect(spec.username).toBe('joiner')
  expect(status?.conditions).toMatchObject([
    {
      type: 'Approved',
      reason: 'AutoApproved',
      message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    },
  ])
})

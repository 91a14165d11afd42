import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createCA, generateServiceAccountKeys, issueCertificate } from '@kubets/shared/process/certificates.ts'
import type { Settings } from '../settings.ts'

type CertificateRequest = Omit<Parameters<typeof issueCertificate>[1], 'days'> & { authority?: 'front-proxy-ca' }

/** As long as kubeadm's; what has less than a month left is made anew at `up`. */
const days = 365

/** Who needs which certificate. Names and organizations are those of kubeadm's certificates. */
export function certificateTable(settings: Settings): Record<string, CertificateRequest> {
  const node = settings.nodeName
  const client = (commonName: string, organizations: string[] = []): CertificateRequest => ({
    commonName,
    organizations,
    usages: ['client'],
  })
  return {
    apiserver: {
      commonName: 'kube-apiserver',
      usages: ['server'],
      dnsNames: [
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        'kubernetes.default.svc.cluster.local',
        'localhost',
        'apiserver',
        hostname(),
        node,
      ],
      ipAddresses: [...new Set(['127.0.0.1', '10.96.0.1', settings.nodeIP])],
    },
    etcd: {
      commonName: 'etcd',
      usages: ['server', 'client'],
      dnsNames: ['localhost', 'etcd'],
      ipAddresses: ['127.0.0.1'],
    },
    'apiserver-etcd-client': client('kube-apiserver-etcd-client'),
    // with it the apiserver tells aggregated API servers on whose behalf it asks
    'front-proxy-client': { ...client('front-proxy-client'), authority: 'front-proxy-ca' },
    'apiserver-kubelet-client': client('kube-apiserver-kubelet-client', ['system:masters']),
    kubelet: {
      commonName: `system:node:${node}`,
      organizations: ['system:nodes'],
      usages: ['server', 'client'],
      dnsNames: [node],
      ipAddresses: [...new Set(['127.0.0.1', settings.nodeIP])],
    },
    'controller-manager': client('system:kube-controller-manager'),
    scheduler: client('system:kube-scheduler'),
    'kube-proxy': client('system:kube-proxy'),
    admin: client('kubernetes-admin', ['system:masters']),
  }
}

/** Makes the certificate authorities, keys and certificates that are not in `pki/` yet; what is there and fits stays. */
export async function ensureCertificates(settings: Settings): Promise<string> {
  const dir = join(settings.stateDir, 'pki')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  if (!existsSync(join(dir, 'ca.crt'))) {
    await writePair(dir, 'ca', await createCA('kubernetes'))
    const keys = await generateServiceAccountKeys()
    await writeFile(join(dir, 'sa.key'), keys.privateKey, { mode: 0o600 })
    await writeFile(join(dir, 'sa.pub'), keys.publicKey)
  }
  if (!existsSync(join(dir, 'front-proxy-ca.crt'))) {
    await writePair(dir, 'front-proxy-ca', await createCA('front-proxy-ca'))
  }
  const authorities = { ca: await readPair(dir, 'ca'), 'front-proxy-ca': await readPair(dir, 'front-proxy-ca') }
  let made = 0
  for (const [name, { authority = 'ca', ...request }] of Object.entries(certificateTable(settings))) {
    if (await stillFits(join(dir, `${name}.crt`), request)) continue
    await writePair(dir, name, await issueCertificate(authorities[authority], { ...request, days }))
    made++
  }
  return made === 0 ? 'present' : `${String(made)} made`
}

async function readPair(dir: string, name: string): Promise<{ cert: string; key: string }> {
  return {
    cert: await readFile(join(dir, `${name}.crt`), 'utf8'),
    key: await readFile(join(dir, `${name}.key`), 'utf8'),
  }
}

async function writePair(dir: string, name: string, pair: { cert: string; key: string }): Promise<void> {
  await writeFile(join(dir, `${name}.key`), pair.key, { mode: 0o600 })
  await writeFile(join(dir, `${name}.crt`), pair.cert)
}

/** A certificate is made anew when an address or name has come, or less than 30 days are left. */
async function stillFits(path: string, request: CertificateRequest): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return false
  const certificate = new X509Certificate(text)
  if (certificate.validToDate.getTime() - Date.now() < 30 * 86_400_000) return false
  const names = certificate.subjectAltName ?? ''
  const wanted = [
    ...(request.dnsNames ?? []).map((name) => `DNS:${name}`),
    ...(request.ipAddresses ?? []).map((ip) => `IP Address:${ip}`),
  ]
  return wanted.every((name) => names.split(', ').includes(name)) && certificate.subject.includes(request.commonName)
}

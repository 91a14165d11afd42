import { join } from 'node:path'
import { nodeEnv, nodeFlags } from '@kubets/shared/process/launch.ts'
import type { Settings } from '../settings.ts'

/** One program of the cluster as the supervisor starts it. */
export interface Program {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>
  /** Where it says that it is well; asked with the admin's certificate when it is https. */
  readonly health: string
}

/** The programs in the order they start; they stop in the reverse order. */
export function programs(settings: Settings): readonly Program[] {
  const pki = (file: string): string => join(settings.stateDir, 'pki', file)
  const kubeconfig = (name: string): string => `--kubeconfig=${join(settings.stateDir, 'kubeconfigs', name)}`
  const etcd = (port: number, host = settings.etcdHost): string => `https://${host}:${String(port)}`
  const listen = settings.etcdHost === '127.0.0.1' ? '127.0.0.1' : '0.0.0.0'
  const typescript = (program: string, args: readonly string[]): Pick<Program, 'command' | 'args' | 'env'> => ({
    command: join(settings.root, 'node_modules', '.bin', 'node'),
    args: [...nodeFlags(program), join(settings.root, program, 'src', 'main.ts'), ...args],
    env: nodeEnv(settings.compileCache),
  })
  return [
    {
      name: 'etcd',
      command: 'etcd',
      env: {},
      args: [
        '--name=kubets',
        `--data-dir=${join(settings.stateDir, 'etcd')}`,
        `--listen-client-urls=${etcd(settings.etcdPort, listen)}`,
        `--advertise-client-urls=${etcd(settings.etcdPort)}`,
        `--listen-peer-urls=${etcd(settings.etcdPort + 1, '127.0.0.1')}`,
        `--initial-advertise-peer-urls=${etcd(settings.etcdPort + 1, '127.0.0.1')}`,
        `--initial-cluster=kubets=${etcd(settings.etcdPort + 1, '127.0.0.1')}`,
        `--listen-metrics-urls=http://127.0.0.1:${String(settings.etcdPort + 2)}`,
        '--client-cert-auth=true',
        `--trusted-ca-file=${pki('ca.crt')}`,
        `--cert-file=${pki('etcd.crt')}`,
        `--key-file=${pki('etcd.key')}`,
        '--peer-client-cert-auth=true',
        `--peer-trusted-ca-file=${pki('ca.crt')}`,
        `--peer-cert-file=${pki('etcd.crt')}`,
        `--peer-key-file=${pki('etcd.key')}`,
        '--quota-backend-bytes=8589934592',
      ],
      health: `http://127.0.0.1:${String(settings.etcdPort + 2)}/health`,
    },
    {
      name: 'apiserver',
      ...typescript('apiserver', [
        `--etcd-servers=${etcd(settings.etcdPort)}`,
        `--etcd-cafile=${pki('ca.crt')}`,
        `--etcd-certfile=${pki('apiserver-etcd-client.crt')}`,
        `--etcd-keyfile=${pki('apiserver-etcd-client.key')}`,
        `--secure-port=${String(settings.securePort)}`,
        `--advertise-address=${settings.nodeIP}`,
        `--tls-cert-file=${pki('apiserver.crt')}`,
        `--tls-private-key-file=${pki('apiserver.key')}`,
        `--client-ca-file=${pki('ca.crt')}`,
        `--service-cluster-ip-range=${settings.serviceRange}`,
        '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
        `--service-account-key-file=${pki('sa.pub')}`,
        `--service-account-signing-key-file=${pki('sa.key')}`,
        `--kubelet-client-certificate=${pki('apiserver-kubelet-client.crt')}`,
        `--kubelet-client-key=${pki('apiserver-kubelet-client.key')}`,
        `--kubelet-certificate-authority=${pki('ca.crt')}`,
        `--proxy-client-cert-file=${pki('front-proxy-client.crt')}`,
        `--proxy-client-key-file=${pki('front-proxy-client.key')}`,
        `--requestheader-client-ca-file=${pki('front-proxy-ca.crt')}`,
        '--requestheader-allowed-names=front-proxy-client',
        '--requestheader-username-headers=X-Remote-User',
        '--requestheader-uid-headers=X-Remote-Uid',
        '--requestheader-group-headers=X-Remote-Group',
        '--requestheader-extra-headers-prefix=X-Remote-Extra-',
        '--enable-bootstrap-token-auth=true',
      ]),
      health: `https://127.0.0.1:${String(settings.securePort)}/readyz`,
    },
    {
      name: 'controller-manager',
      ...typescript('controller-manager', [
        kubeconfig('controller-manager'),
        `--cluster-cidr=${settings.clusterRange}`,
        `--root-ca-file=${pki('ca.crt')}`,
        `--service-account-private-key-file=${pki('sa.key')}`,
        `--cluster-signing-cert-file=${pki('ca.crt')}`,
        `--cluster-signing-key-file=${pki('ca.key')}`,
        // the folder that is the same for the kubelet and for Docker, also where the kubelet is a container
        `--local-path-dir=${join(settings.kubeletDir, 'local-path')}`,
      ]),
      health: 'http://127.0.0.1:10257/healthz',
    },
    {
      name: 'scheduler',
      ...typescript('scheduler', [kubeconfig('scheduler')]),
      health: 'http://127.0.0.1:10259/readyz',
    },
    {
      name: 'kubelet',
      ...typescript('kubelet', [
        kubeconfig('kubelet'),
        `--hostname-override=${settings.nodeName}`,
        `--node-ip=${settings.nodeIP}`,
        `--root-dir=${settings.kubeletDir}`,
        `--pod-manifest-path=${join(settings.stateDir, 'manifests')}`,
        // the disk and the images on it are not the cluster's alone: one that its owner keeps nearly full ends no Pods, and
        // images of the owner's are never removed to make room
        '--image-gc-high-threshold=100',
        '--eviction-hard=memory.available<100Mi',
        `--tls-cert-file=${pki('kubelet.crt')}`,
        `--tls-private-key-file=${pki('kubelet.key')}`,
        `--client-ca-file=${pki('ca.crt')}`,
      ]),
      health: 'http://127.0.0.1:10248/healthz',
    },
    {
      name: 'kube-proxy',
      ...typescript('kube-proxy', [
        kubeconfig('kube-proxy'),
        `--hostname-override=${settings.nodeName}`,
        `--proxy-mode=${settings.proxyMode}`,
        `--cluster-cidr=${settings.clusterRange}`,
        `--service-cluster-ip-range=${settings.serviceRange}`,
      ]),
      health: 'http://127.0.0.1:10256/healthz',
    },
  ]
}

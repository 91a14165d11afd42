import { hostname, networkInterfaces, homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { UserError } from './errors.ts'

/** Everything the command's steps need to know, read once from flags and the machine. */
export interface Settings {
  /** The checkout that this command belongs to. */
  readonly root: string
  /** Where the cluster's data, certificates, logs and run state live. */
  readonly stateDir: string
  /** Node's compile cache of the programs. */
  readonly compileCache: string
  readonly nodeName: string
  readonly nodeIP: string
  /** The kubeconfig that gets the context `kubets`. */
  readonly kubeconfig: string
  readonly securePort: number
  readonly etcdPort: number
  /** Where etcd and the apiserver are reached: this machine, or their names in the compose network. */
  readonly etcdHost: string
  readonly apiserverHost: string
  /** The kubelet's folder: Docker mounts volumes from it, so it has the same path on the host and in a container. */
  readonly kubeletDir: string
  readonly serviceRange: string
  readonly clusterRange: string
  readonly proxyMode: string
  /** `down --purge`: remove the data too. */
  readonly purge: boolean
  /** `test --long`: the kill runs instead of the usual suites. */
  readonly long: boolean
  /** `status -o json`. */
  readonly output: string
  /** The Docker Compose project whose kubelet and kube-proxy `cleanup` ends. */
  readonly composeProject: string
  /** What follows the flags: the program of `program`. */
  readonly operands: readonly string[]
}

/**
 * Reads the command line that follows the verb.
 * @throws UserError for an unknown flag or a bad value.
 */
export function readSettings(root: string, argv: readonly string[], env: NodeJS.ProcessEnv): Settings {
  const { values, positionals } = parse(argv)
  const stateDir = resolve(values['state-dir'] ?? '/var/lib/kubets')
  return {
    root,
    stateDir,
    compileCache: env.KUBETS_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'kubets'),
    nodeName: values['node-name'] ?? hostname().toLowerCase(),
    nodeIP: values['node-ip'] ?? firstAddress(),
    kubeconfig: resolve(values.kubeconfig ?? env.KUBECONFIG?.split(':')[0] ?? join(homedir(), '.kube', 'config')),
    securePort: port(values['secure-port'], 6443),
    etcdPort: port(values['etcd-port'], 12379),
    etcdHost: values['etcd-host'] ?? '127.0.0.1',
    apiserverHost: values['apiserver-host'] ?? '127.0.0.1',
    kubeletDir: resolve(values['kubelet-dir'] ?? join(stateDir, 'kubelet')),
    serviceRange: '10.96.0.0/12',
    clusterRange: '10.244.0.0/16',
    proxyMode: values['proxy-mode'] ?? 'iptables',
    purge: values.purge ?? false,
    long: values.long ?? false,
    output: values.output ?? 'text',
    composeProject: values['compose-project'] ?? 'kubets',
    operands: positionals,
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        'state-dir': { type: 'string' },
        'node-name': { type: 'string' },
        'node-ip': { type: 'string' },
        kubeconfig: { type: 'string' },
        'secure-port': { type: 'string' },
        'etcd-port': { type: 'string' },
        'etcd-host': { type: 'string' },
        'apiserver-host': { type: 'string' },
        'kubelet-dir': { type: 'string' },
        'proxy-mode': { type: 'string' },
        'compose-project': { type: 'string' },
        purge: { type: 'boolean' },
        long: { type: 'boolean' },
        output: { type: 'string', short: 'o' },
      },
    })
  } catch (error) {
    throw new UserError(`${(error as Error).message}\nSee deploy/README.md for the flags of the kubets command.`)
  }
}

function port(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 65535) throw new UserError(`"${text}" is not a port number`)
  return value
}

/** The address by which Pods and other machines reach this one; loopback when there is no network at all. */
function firstAddress(): string {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (/^(docker|br-|veth|kubets|cni)/.test(name)) continue
    const found = addresses?.find((address) => address.family === 'IPv4' && !address.internal)
    if (found) return found.address
  }
  return '127.0.0.1'
}

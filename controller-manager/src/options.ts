import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { signingKey, type TokenKey } from '@kubets/shared/process/jwt.ts'
import { boolean, duration, integer, list, optionalText, port, text } from '@kubets/shared/process/options.ts'
import type { FlagValues } from '@kubets/shared/process/options.ts'
import {
  authoritiesOf,
  signerFlags,
  type Pair,
  type SignerFlag,
} from './certificatesigningrequest-signing/authorities.ts'
import type { Initialization } from './horizontal-pod-autoscaler/replicas.ts'
import { cidrSpace } from './node-ipam/plan.ts'
import type { CidrSpace } from './node-ipam/plan.ts'
import type { EvictionRates } from './node-lifecycle/zones.ts'

/** How many objects of a kind are worked on at the same time, as `--concurrent-KIND-syncs` says. */
// cmd/kube-controller-manager/app/options, pkg/controller/*/config/v1alpha1/defaults.go
export const concurrentSyncs = {
  'cron-job': 5,
  daemonset: 2,
  deployment: 5,
  'device-taint-eviction': 8,
  endpoint: 5,
  ephemeralvolume: 5,
  gc: 20,
  'horizontal-pod-autoscaler': 5,
  job: 5,
  namespace: 10,
  rc: 5,
  replicaset: 5,
  'resource-quota': 5,
  'service-endpoint': 5,
  'serviceaccount-token': 5,
  statefulset: 5,
  'ttl-after-finished': 5,
  'validating-admission-policy-status': 5,
} as const

type Synced = keyof typeof concurrentSyncs

const syncFlags = Object.fromEntries(
  Object.entries(concurrentSyncs).map(([kind, number]) => [
    `concurrent-${kind}-syncs`,
    integer('how many of them are worked on at the same time', number, 1),
  ]),
) as Record<`concurrent-${Synced}-syncs`, ReturnType<typeof integer>>

const signers = Object.keys(signerFlags) as SignerFlag[]
const signerFileFlags = Object.fromEntries(
  signers.flatMap((signer) =>
    ['cert', 'key'].map((kind) => [
      `cluster-signing-${signer}-${kind}-file`,
      optionalText(`${kind} of the authority for ${signerFlags[signer]}, where the signers have not all the same one`),
    ]),
  ),
) as Record<`cluster-signing-${SignerFlag}-${'cert' | 'key'}-file`, ReturnType<typeof optionalText>>

export const flags = {
  kubeconfig: text('kubeconfig file that says how to reach the apiserver and as whom'),
  'leader-elect': boolean('work only while holding the lease kube-system/kube-controller-manager', true),
  'leader-elect-lease-duration': duration('how long others wait for a leader that went silent', 15_000),
  'leader-elect-renew-deadline': duration('how long a leader tries to renew before it gives up', 10_000),
  'leader-elect-retry-period': duration('pause between tries to get or renew the lease', 2_000),
  controllers: list('controllers to run: * for all that are on by default, a name for one, -name for all but one', [
    '*',
  ]),
  'cluster-cidr': text('range of all Pod addresses', '10.244.0.0/16'),
  'allocate-node-cidrs': boolean('give every node a part of the cluster CIDR', true),
  'node-cidr-mask-size': integer('mask of one node’s part', 24, 1, 32),
  'root-ca-file': optionalText('certificate to publish as kube-root-ca.crt in every namespace'),
  'service-account-private-key-file': optionalText('key that signs the tokens in Secrets; without it there are none'),
  'cluster-signing-cert-file': optionalText(
    'certificate of the authority that signs what CertificateSigningRequests ask for',
  ),
  'cluster-signing-key-file': optionalText('key of that authority; without the two nothing is signed'),
  ...signerFileFlags,
  'cluster-signing-duration': duration('how long a certificate is good at most', 365 * 24 * 3_600_000),
  'legacy-service-account-token-clean-up-period': duration(
    'how long a token that was made by itself for an account may lie unused',
    365 * 24 * 3_600_000,
  ),
  'bind-address': text('address of the health and metrics server', '127.0.0.1'),
  'secure-port': port('port of the health and metrics server', 10257),
  'node-monitor-period': duration('pause between looks at the nodes', 5_000),
  'node-monitor-grace-period': duration('silence after which a node counts as lost', 50_000),
  'node-startup-grace-period': duration('silence after which a node that never reported counts as lost', 60_000),
  'node-eviction-rate': text('nodes a second whose Pods are evicted in a healthy zone', '0.1'),
  'secondary-node-eviction-rate': text('nodes a second in a large zone where many are lost', '0.01'),
  'unhealthy-zone-threshold': text('the share of lost nodes from which on they are many', '0.55'),
  'large-cluster-size-threshold': integer('a zone of more nodes is large', 50),
  'horizontal-pod-autoscaler-sync-period': duration('pause between looks at an autoscaler and its target', 15_000),
  'horizontal-pod-autoscaler-downscale-stabilization': duration(
    'how long a recommendation of more replicas keeps the number from falling',
    300_000,
  ),
  'horizontal-pod-autoscaler-tolerance': text('how far usage may be off its target, as a share of it', '0.1'),
  'horizontal-pod-autoscaler-cpu-initialization-period': duration(
    'time after a Pod’s start in which its CPU counts only while it is ready',
    300_000,
  ),
  'horizontal-pod-autoscaler-initial-readiness-delay': duration(
    'time after a Pod’s start in which becoming unready means it was never ready',
    30_000,
  ),
  ...syncFlags,
  'max-endpoints-per-slice': integer('how many endpoints a slice takes', 100, 1, 1000),
  'mirroring-concurrent-service-endpoint-syncs': integer('Endpoints that are mirrored at the same time', 5, 1, 50),
  'disable-force-detach-on-timeout': boolean('leave attached what a lost node has had mounted for six minutes', false),
  'terminated-pod-gc-threshold': integer('finished Pods to keep; 0 keeps all', 12_500),
  'local-path-dir': optionalText('folder on every node for volumes of the class local-path; without it there are none'),
  'local-path-helper-image': text(
    'image of the Pods that make and remove those volumes, with mkdir and rm',
    'kubets/pause:1',
  ),
}

/** Where volumes of the class local-path are, and what makes them there. */
export interface LocalPath {
  /** The same on every node. */
  readonly dir: string
  readonly image: string
}

/** All that the controllers take from the command line, read and checked. */
export interface Options {
  /** PEM text. */
  rootCA: string | undefined
  /** Signs tokens for Secrets; undefined: nobody does. */
  tokenKey: TokenKey | undefined
  signing: {
    /** With what each signer of certificates signs, by its name. */
    authorities: ReadonlyMap<string, Pair>
    /** How long a certificate is good at most, and where nobody asks for less. */
    longestMs: number
  }
  /** How long a token that was made by itself for an account may lie unused. */
  legacyTokenCleanUpMs: number
  /** Undefined when node ranges are allocated by someone else. */
  podCidrs: CidrSpace | undefined
  nodeMonitorPeriodMs: number
  nodeMonitorGraceMs: number
  nodeStartupGraceMs: number
  eviction: EvictionRates
  /** Never to detach what a lost node may still have mounted. */
  neverForceDetach: boolean
  terminatedPodThreshold: number
  autoscaling: {
    syncPeriodMs: number
    downscaleStabilizationMs: number
    /** As a share of the target. */
    tolerance: number
    initialization: Initialization
  }
  /** Objects that are worked on at the same time, by what --concurrent-*-syncs calls them. */
  syncs: Readonly<Record<Synced, number>>
  mirroringSyncs: number
  maxEndpointsPerSlice: number
  /** Undefined when nobody makes such volumes. */
  localPath: LocalPath | undefined
}

/** Checks the flags against each other and reads the files they name. Throws with what is wrong. */
export const readOptions = (values: FlagValues<typeof flags>): Options => {
  const rate = Number(values['node-eviction-rate'])
  if (!(rate > 0)) throw new Error('--node-eviction-rate must be a positive number')
  const slowRate = Number(values['secondary-node-eviction-rate'])
  if (!(slowRate >= 0)) throw new Error('--secondary-node-eviction-rate must be a number that is not negative')
  const unhealthyShare = Number(values['unhealthy-zone-threshold'])
  if (!(unhealthyShare >= 0 && unhealthyShare <= 1))
    throw new Error('--unhealthy-zone-threshold must be a number from 0 to 1')
  const tolerance = Number(values['horizontal-pod-autoscaler-tolerance'])
  if (!(tolerance >= 0)) throw new Error('--horizontal-pod-autoscaler-tolerance must be a number that is not negative')
  if (values['horizontal-pod-autoscaler-sync-period'] <= 0)
    throw new Error('--horizontal-pod-autoscaler-sync-period must be longer than 0')
  if (values['legacy-service-account-token-clean-up-period'] <= 0)
    throw new Error('--legacy-service-account-token-clean-up-period must be longer than 0')
  const read = (path: string): string => readFileSync(path, 'utf8')
  const ownFiles = Object.fromEntries(
    signers.map((signer) => [
      signer,
      { cert: values[`cluster-signing-${signer}-cert-file`], key: values[`cluster-signing-${signer}-key-file`] },
    ]),
  ) as Parameters<typeof authoritiesOf>[1]
  const clusterFiles = { cert: values['cluster-signing-cert-file'], key: values['cluster-signing-key-file'] }
  const rootCAFile = values['root-ca-file']
  const keyFile = values['service-account-private-key-file']
  return {
    rootCA: rootCAFile === undefined ? undefined : read(rootCAFile),
    tokenKey: keyFile === undefined ? undefined : signingKey(read(keyFile)),
    signing: {
      authorities: authoritiesOf(clusterFiles, ownFiles, read),
      longestMs: values['cluster-signing-duration'],
    },
    legacyTokenCleanUpMs: values['legacy-service-account-token-clean-up-period'],
    podCidrs: values['allocate-node-cidrs']
      ? cidrSpace(values['cluster-cidr'], values['node-cidr-mask-size'])
      : undefined,
    nodeMonitorPeriodMs: values['node-monitor-period'],
    nodeMonitorGraceMs: values['node-monitor-grace-period'],
    nodeStartupGraceMs: values['node-startup-grace-period'],
    eviction: {
      intervalMs: 1000 / rate,
      slowIntervalMs: 1000 / slowRate,
      unhealthyShare,
      largeZone: values['large-cluster-size-threshold'],
    },
    neverForceDetach: values['disable-force-detach-on-timeout'],
    terminatedPodThreshold: values['terminated-pod-gc-threshold'],
    autoscaling: {
      syncPeriodMs: values['horizontal-pod-autoscaler-sync-period'],
      downscaleStabilizationMs: values['horizontal-pod-autoscaler-downscale-stabilization'],
      tolerance,
      initialization: {
        cpuMs: values['horizontal-pod-autoscaler-cpu-initialization-period'],
        readinessMs: values['horizontal-pod-autoscaler-initial-readiness-delay'],
      },
    },
    syncs: Object.fromEntries(
      Object.keys(concurrentSyncs).map((kind) => [kind, values[`concurrent-${kind as Synced}-syncs`]]),
    ) as Record<Synced, number>,
    maxEndpointsPerSlice: values['max-endpoints-per-slice'],
    mirroringSyncs: values['mirroring-concurrent-service-endpoint-syncs'],
    localPath: localPath(values['local-path-dir'], values['local-path-helper-image']),
  }
}

// rancher/local-path-provisioner provisioner.go canonicalizeConfig
const localPath = (given: string | undefined, image: string): LocalPath | undefined => {
  if (given === undefined) return undefined
  const dir = posix.resolve('/', given)
  if (!posix.isAbsolute(given) || dir === '/') throw new Error('--local-path-dir must be an absolute path other than /')
  return { dir, image }
}

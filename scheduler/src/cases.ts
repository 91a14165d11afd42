// Short ways to write nodes and Pods in the tests' tables.
import type {
  Node,
  NodeSpec,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
} from '@kubets/shared/api/types/core-v1.ts'
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
} from '@kubets/shared/api/types/storage-v1.ts'
import type { PodDisruptionBudget } from '@kubets/shared/api/types/policy-v1.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { selectorFromLabels } from '@kubets/shared/machinery/selector.ts'
import { Cache } from './cache/cache.ts'
import { buildProfiles } from './config/build-profile.ts'
import { defaultConfig, readConfig } from './config/read.ts'
import type { Plugin } from './framework/plugin.ts'
import type { Profile } from './framework/profile.ts'
import { defaultPreemption } from './plugins/default-preemption.ts'
import { dynamicResources, type DynamicResourcesOptions } from './plugins/dynamic-resources.ts'
import { pluginRegistry } from './plugins/registry.ts'
import { nodeVolumeLimits } from './plugins/node-volume-limits.ts'
import { volumeBinding } from './plugins/volume-binding.ts'
import { volumeRestrictions } from './plugins/volume-restrictions.ts'
import { volumeZone } from './plugins/volume-zone.ts'
import { TrackedClaims } from './dynamic-resources/tracked-claims.ts'
import { AssumedVolumes } from './volumes/assumed.ts'
import type { VolumeObjects } from './volumes/objects.ts'

interface NodeCase {
  cpu?: string
  memory?: string
  pods?: string
  /** How much it has of scheduling.k8s.io/foo. */
  foo?: number
  labels?: Record<string, string>
  images?: { names: string[]; sizeBytes: number }[]
  spec?: Partial<NodeSpec>
}

export function node(name: string, options: NodeCase = {}): Node {
  const { cpu = '4', memory = '8Gi', pods = '110', labels, images, spec } = options
  const allocatable = { cpu, memory, pods, ...(options.foo ? { [foo]: String(options.foo) } : {}) }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...spec },
    status: { allocatable, ...(images ? { images } : {}) },
  }
}

interface PodCase {
  cpu?: string
  memory?: string
  hostPort?: number
  image?: string
  /** Its request in scheduling.k8s.io/foo. */
  foo?: number
  priority?: number
  /** The minute of 2026-01-01 in which it started. */
  started?: number
  on?: string
  namespace?: string
  labels?: Record<string, string>
  spec?: Partial<PodSpec>
}

const foo = 'scheduling.k8s.io/foo'

export function pod(name: string, options: PodCase = {}): Pod {
  const { cpu, memory, hostPort, image, on, namespace, labels, spec, priority, started } = options
  const requests = {
    ...(cpu ? { cpu } : {}),
    ...(memory ? { memory } : {}),
    ...(options.foo ? { [foo]: String(options.foo) } : {}),
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: namespace ?? 'default', uid: `uid-${name}`, ...(labels ? { labels } : {}) },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [
        {
          name: 'c',
          image: image ?? 'web',
          resources: { requests, ...(options.foo ? { limits: { [foo]: String(options.foo) } } : {}) },
          ...(hostPort ? { ports: [{ containerPort: hostPort, hostPort }] } : {}),
        },
      ],
      ...(on ? { nodeName: on } : {}),
      ...(priority === undefined ? {} : { priority }),
      ...spec,
    },
    ...(started === undefined
      ? {}
      : { status: { startTime: `2026-01-01T00:${String(started).padStart(2, '0')}:00Z` } }),
  }
}

/** A cache with these nodes and Pods on them; Pods with the label "app" are siblings by it. */
export function cacheOf(nodes: readonly Node[], pods: readonly Pod[] = []): Cache {
  const cache = new Cache(({ labels }) => (labels['app'] ? selectorFromLabels({ app: labels['app'] }) : undefined))
  for (const each of nodes) cache.setNode(each)
  for (const each of pods) cache.setPod(each)
  return cache
}

interface ProfileCase {
  budgets?: readonly PodDisruptionBudget[]
  isEvicting?: (uid: string) => boolean
  bind?: NonNullable<Plugin['bind']>
  volumes?: VolumeObjects
  resources?: Partial<DynamicResourcesOptions>
  /** A configuration file; its first profile. */
  config?: string
}

/** The default profile, at noon, as the only one. */
export function profilesOf({
  budgets = [],
  isEvicting = () => false,
  bind = () => Promise.resolve(),
  volumes = storageOf(),
  resources,
  config,
}: ProfileCase = {}): Map<string, Profile> {
  const registry = pluginRegistry({
    preemption: (args) =>
      defaultPreemption({
        budgets: () => budgets,
        isEvicting,
        now: () => Date.parse('2026-01-01T12:00:00Z'),
        random: () => 0,
        ...args,
      }),
    binder: { name: 'TestBinder', bind },
    volumeRestrictions: volumeRestrictions(volumes),
    nodeVolumeLimits: nodeVolumeLimits(volumes),
    volumeBinding: () => volumeBinding(new AssumedVolumes(volumes), { bind: () => Promise.resolve() }),
    volumeZone: volumeZone(volumes),
    dynamicResources: (args) => dynamicResources({ ...noResources(), ...resources }, args),
  })
  return buildProfiles((config ? readConfig(config) : defaultConfig()).profiles, registry)
}

export function profileOf(options: ProfileCase = {}): Profile {
  const [profile] = profilesOf(options).values()
  if (!profile) throw new Error('there is no profile')
  return profile
}

/** There are no devices and no claims. */
const noResources = (): DynamicResourcesOptions => ({
  objects: { claim: () => undefined, deviceClass: () => undefined, slices: () => [] },
  claims: new TrackedClaims(() => undefined),
  binder: {
    bind: (claim) => Promise.resolve(claim),
    release: () => Promise.resolve(),
    deallocate: () => Promise.resolve(),
  },
  clock: new FakeClock(),
  waits: () => undefined,
  newShareID: () => 'share',
})

interface StorageCase {
  claims?: PersistentVolumeClaim[]
  volumes?: PersistentVolume[]
  classes?: StorageClass[]
  drivers?: CSIDriver[]
  capacities?: CSIStorageCapacity[]
  csiNodes?: CSINode[]
  attachments?: VolumeAttachment[]
}

/** Storage with these objects. */
export function storageOf(objects: StorageCase = {}): VolumeObjects {
  const { claims = [], volumes = [], classes = [], drivers = [], capacities = [], csiNodes = [] } = objects
  const named = <T extends { metadata: { name?: string } }>(list: T[], name: string): T | undefined =>
    list.find(({ metadata }) => metadata.name === name)
  return {
    claim: (key) => claims.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === key),
    volume: (name) => named(volumes, name),
    volumes: () => volumes,
    storageClass: (name) => named(classes, name),
    driver: (name) => named(drivers, name),
    capacities: () => capacities,
    csiNode: (name) => named(csiNodes, name),
    attachments: (name) => (objects.attachments ?? []).filter(({ spec }) => spec.nodeName === name),
  }
}

/** A budget for Pods with this "app" label that allows so many to go. */
export const budget = (app: string, disruptionsAllowed: number): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: app, namespace: 'default' },
  spec: { selector: { matchLabels: { app } } },
  status: { disruptionsAllowed, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
})

/** The same numbers in every run. */
export function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * sides)
  }
}

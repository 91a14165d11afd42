import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { Storage } from '../storage/storage.ts'
import type { Behaviour } from './behaviour.ts'
import { bindPod } from './binding.ts'
import { Bootstrap } from './bootstrap/bootstrap.ts'
import type { Context } from './context.ts'
import { create } from './create.ts'
import { customResourceDefinitionBehaviour } from './custom-resource-definitions.ts'
import { remove, removeCollection } from './delete.ts'
import { evictPod } from './eviction.ts'
import { namespaceBehaviour } from './namespaces.ts'
import { get, list, watch } from './read.ts'
import { getScale, updateScale } from './scale.ts'
import { parseRange } from '@kubets/shared/machinery/addresses.ts'
import { serviceBehaviour } from './services/behaviour.ts'
import { runRepair } from './services/repair.ts'
import { asKind, resourceOf } from './stored.ts'
import type { CachedKind, Registry, RegistryOptions } from './types.ts'
import { update } from './update.ts'

/** pkg/controlplane/instance.go DefaultEventTTL: events are kept for an hour */
const eventTtlSeconds = 3600

/** How long an apiserver that stops tries to say so. */
const leaveMs = 2000

/** Starts at once; until etcd has been read, requests wait up to three seconds and are then refused with 503. */
export function createRegistry(options: RegistryOptions): Registry {
  const { clock, log } = options
  const storage = new Storage({
    endpoints: options.etcdServers,
    tls: options.etcdTls,
    prefix: options.etcdPrefix,
    clock,
    log,
  })
  const ranges = { ips: options.serviceClusterIPRanges.map(parseRange), nodePorts: options.nodePortRange }
  const behaviours = new Map<string, Behaviour>([
    ['/events', { ttlSeconds: eventTtlSeconds }],
    ['/namespaces', namespaceBehaviour],
    ['/services', serviceBehaviour(storage, ranges)],
    ['apiextensions.k8s.io/customresourcedefinitions', customResourceDefinitionBehaviour],
  ])
  const context: Context = { storage, clock, log, behaviours }
  const bootstrap = new Bootstrap(context, options)
  const stop = new AbortController()
  const keeping = new AbortController()
  const kept = bootstrap.run(AbortSignal.any([stop.signal, keeping.signal]))
  const running = Promise.all([storage.run(stop.signal), kept, runRepair(context, stop.signal)])

  // asked for a dozen times by admission alone
  const views = new WeakMap<Kind, CachedKind>()
  const viewOf = (kind: Kind): CachedKind => {
    let view = views.get(kind)
    if (!view) views.set(kind, (view = cached(storage, kind)))
    return view
  }

  return {
    cached: viewOf,
    get: (scope, name, given = {}) =>
      given.subresource === 'scale' ? getScale(context, scope, name) : get(storage, scope, name, given),
    list: (scope, given = {}) => list(storage, scope, given),
    watch: (scope, given = {}) => watch(storage, scope, given),
    create: (scope, object) => create(context, scope, object),
    update: (scope, name, change, given = {}) =>
      given.subresource === 'scale'
        ? updateScale(context, scope, name, change, given)
        : update(context, scope, name, change, given),
    delete: (scope, name, given = {}) => remove(context, scope, name, given),
    deleteCollection: (scope, selection, given = {}) => removeCollection(context, scope, selection, given),
    bindPod: (scope, name, binding) => bindPod(context, scope, name, binding),
    evictPod: (scope, name, eviction) => evictPod(context, scope, name, eviction),
    health: async () => (await storage.health()) ?? bootstrap.pending(),
    leave: async () => {
      keeping.abort()
      const late = AbortSignal.any([stop.signal, AbortSignal.timeout(leaveMs)])
      const left = kept.then(() => bootstrap.leave(late))
      left.catch((error: unknown) => {
        log.warn({ err: error }, 'cannot take this apiserver out of the endpoints of the kubernetes Service')
      })
      // etcd may be away
      await Promise.race([left.catch(() => undefined), clock.sleep(leaveMs, late).catch(() => undefined)])
    },
    close: async () => {
      stop.abort()
      await running
    },
  }
}

function cached(storage: Storage, kind: Kind): CachedKind {
  const resource = storage.resource(resourceOf(kind))
  return {
    get: (key) => {
      const encoded = resource.get(key)
      return encoded && asKind(kind, encoded).object
    },
    list: (namespace) =>
      resource.under(namespace === undefined ? '' : `${namespace}/`).map((item) => asKind(kind, item).object),
    follow: (follower) => resource.follow(follower),
    get changed() {
      return resource.changed
    },
    get size() {
      return resource.size
    },
    get watchers() {
      return resource.watchers
    },
  }
}

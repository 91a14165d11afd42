import { Reflector } from '@kubets/shared/client/reflector.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { apiVersionOf } from '@kubets/shared/machinery/object.ts'
import type { ControllerContext } from '../context.ts'
import { supports } from '../discovery/resources.ts'
import type { DiscoveredResource } from '../discovery/resources.ts'

// Nobody owns an event, and there are many.
// pkg/controller/garbagecollector/config DefaultIgnoredResources
const ignored: ReadonlySet<string> = new Set(['/events', 'events.k8s.io/events'])

const keyOf = ({ group, version, plural }: ResourceRef): string => `${group}/${version}/${plural}`

export interface Changes {
  put: (object: KubeObject, ref: ResourceRef) => void
  remove: (uid: string) => void
}

interface Monitor {
  stop: () => void
  synced: Promise<void>
}

/** Follows every resource whose objects can be owned and deleted; the set changes as resources come and go. */
// pkg/controller/garbagecollector/graph_builder.go syncMonitors
export class Monitors {
  readonly #context: ControllerContext
  readonly #changes: Changes
  readonly #running = new Map<string, Monitor>()

  constructor(context: ControllerContext, changes: Changes) {
    this.#context = context
    this.#changes = changes
  }

  /**
   * Starts and stops what is needed for these resources; resolves when all have synced. Resources of groups in
   * `unknown` ("group/version") are left as they are: their server may only be away.
   */
  async follow(
    resources: readonly DiscoveredResource[],
    unknown: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = new Map<string, ResourceRef>()
    for (const resource of resources) {
      const { ref } = resource
      if (supports(resource, 'delete', 'list', 'watch') && !ignored.has(`${ref.group}/${ref.plural}`))
        wanted.set(keyOf(ref), ref)
    }
    for (const [key, monitor] of this.#running) {
      const [group = '', version = ''] = key.split('/')
      if (wanted.has(key) || unknown.has(apiVersionOf({ group, version }))) continue
      monitor.stop()
      this.#running.delete(key)
    }
    for (const [key, ref] of wanted) if (!this.#running.has(key)) this.#running.set(key, this.#start(ref, signal))
    await Promise.all([...this.#running.values()].map(({ synced }) => synced))
  }

  #start(ref: ResourceRef, signal: AbortSignal): Monitor {
    const { client, clock, log } = this.#context
    const { put, remove } = this.#changes
    const stopping = new AbortController()
    const uids = new Set<string>()
    let markSynced: () => void = () => undefined
    const synced = new Promise<void>((resolve) => (markSynced = resolve))
    const see = (object: KubeObject): void => {
      const { uid } = object.metadata
      if (!uid) return
      uids.add(uid)
      // Objects of a list need not name their kind.
      put({ ...object, apiVersion: object.apiVersion || apiVersionOf(ref), kind: object.kind || ref.kind }, ref)
    }
    const miss = (uid: string): void => {
      if (uids.delete(uid)) remove(uid)
    }
    const reflector = new Reflector({
      client,
      clock,
      log,
      ref,
      onList: (items) => {
        const present = new Set(items.map(({ metadata }) => metadata.uid))
        for (const uid of uids) if (!present.has(uid)) miss(uid)
        for (const item of items) see(item)
        markSynced()
      },
      onEvent: ({ type, object }) => {
        if (type === 'DELETED') miss(object.metadata.uid ?? '')
        else if (type !== 'BOOKMARK') see(object)
      },
    })
    const stop = (): void => {
      stopping.abort()
      markSynced()
      for (const uid of uids) remove(uid)
    }
    void reflector.run(AbortSignal.any([signal, stopping.signal]))
    return { stop, synced }
  }
}

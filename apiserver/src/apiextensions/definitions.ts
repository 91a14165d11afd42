import { isTrue } from '@kubets/shared/api/kinds/apiextensions/customresourcedefinitions/conditions.ts'
import { customResourceDefinition } from '@kubets/shared/api/kinds/apiextensions/customresourcedefinitions/kind.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { CustomResourceDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import type { ServedKinds } from '../registry/served-kinds.ts'
import type { Registry } from '../registry/types.ts'
import type { HookClients } from '../webhook/client.ts'
import { webhookConversion } from './conversion-webhook.ts'
import { customKinds } from './custom-kind.ts'

interface Entry {
  crd: CustomResourceDefinition
  kinds: readonly Kind[]
  ended: AbortController
}

/** Turns the CustomResourceDefinitions there are into the kinds that are served. */
// apiextensions-apiserver/pkg/apiserver/customresource_handler.go crdHandler
export class Definitions {
  readonly #registry: Registry
  readonly #served: ServedKinds
  readonly #hooks: HookClients
  #entries = new Map<string, Entry>()
  #seen = -1

  constructor(registry: Registry, served: ServedKinds, hooks: HookClients) {
    this.#registry = registry
    this.#served = served
    this.#hooks = hooks
    served.addCatchUp(async (signal) => {
      await registry.list(
        { kind: customResourceDefinition, dryRun: false, warn: () => undefined, signal },
        { limit: 1 },
      )
      this.sync()
    })
  }

  /** All definitions, as the cache has them now. */
  list(): CustomResourceDefinition[] {
    return Array.from(this.#registry.cached(customResourceDefinition).list()) as CustomResourceDefinition[]
  }

  /** Serves what there is now; those whose definition has not changed stay as they are. */
  sync(): void {
    const { changed } = this.#registry.cached(customResourceDefinition)
    if (changed === this.#seen) return
    this.#seen = changed
    const before = this.#entries
    this.#entries = new Map()
    for (const crd of this.list()) {
      if (!isServed(crd)) continue
      const uid = crd.metadata.uid ?? ''
      const old = before.get(uid)
      const entry = old && isSame(old.crd, crd) ? old : this.#make(crd)
      entry.crd = crd
      this.#entries.set(uid, entry)
    }
    const kinds = [...this.#entries.values()].flatMap(({ crd, kinds: all }) =>
      all.filter(({ version }) => crd.spec.versions.some(({ name, served }) => served && name === version)),
    )
    this.#served.replace('customresourcedefinitions', kinds)
    for (const [uid, entry] of before) if (this.#entries.get(uid) !== entry) entry.ended.abort()
  }

  /** The kind in which a definition's objects are stored, for the definition's own deletion; undefined: never served. */
  storageKind({ metadata, spec }: CustomResourceDefinition): Kind | undefined {
    this.sync()
    const storage = spec.versions.find(({ storage }) => storage)?.name
    return this.#entries.get(metadata.uid ?? '')?.kinds.find(({ version }) => version === storage)
  }

  #make(crd: CustomResourceDefinition): Entry {
    const ended = new AbortController()
    const entry: Entry = { crd, kinds: [], ended }
    const convert = webhookConversion(crd, this.#hooks)
    const terminating = (): boolean => isTrue(entry.crd, 'Terminating')
    entry.kinds = customKinds(crd, { convert, ended: ended.signal, terminating })
    return entry
  }
}

const isServed = (crd: CustomResourceDefinition): boolean => isTrue(crd, 'Established') || isTrue(crd, 'NamesAccepted')

const isSame = (a: CustomResourceDefinition, b: CustomResourceDefinition): boolean =>
  deepEqual(a.spec, b.spec) && deepEqual(a.status?.acceptedNames, b.status?.acceptedNames)

import type { Client } from '@kubets/shared/client/client.ts'
import type { HorizontalPodAutoscaler } from '@kubets/shared/api/types/autoscaling-v2.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isConflict } from '@kubets/shared/machinery/errors.ts'
import type { ResourceRef } from '@kubets/shared/machinery/object.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Scale, ServedKinds } from '../discovery/served.ts'

/** The group in "group/version" or "version"; the core group for what is neither. */
// apimachinery/pkg/runtime/schema/group_version.go FromAPIVersionAndKind
export const groupOf = (apiVersion = ''): string => {
  const parts = apiVersion.split('/')
  return parts.length === 2 ? (parts[0] ?? '') : ''
}

/** An object of whatever kind that can be scaled. */
export interface Target {
  readonly ref: ResourceRef<Scale>
  readonly scale: Scale
}

// client-go/util/retry/util.go DefaultRetry
const tries = 5
const pauseMs = 10

/** Reads and writes the scale of what an autoscaler's scaleTargetRef names. */
export class Targets {
  readonly #client: Client
  readonly #clock: Clock
  readonly #kinds: ServedKinds

  constructor(client: Client, clock: Clock, kinds: ServedKinds) {
    this.#client = client
    this.#clock = clock
    this.#kinds = kinds
  }

  /** The target as it is now. Throws why it cannot be known. */
  // pkg/controller/podautoscaler/horizontal.go scaleForResourceMappings
  async get({ metadata, spec }: HorizontalPodAutoscaler, signal: AbortSignal): Promise<Target> {
    const { apiVersion = '', kind, name } = spec.scaleTargetRef
    if (apiVersion.split('/').length > 2) throw new Error(`unexpected GroupVersion string: ${apiVersion}`)
    const group = groupOf(apiVersion)
    const refs = this.#kinds.ofGroup(group, kind) as readonly ResourceRef<Scale>[]
    let problem: unknown = new Error(`no matches for kind ${quote(kind)} in group ${quote(group)}`)
    for (const [index, ref] of refs.entries()) {
      try {
        return { ref, scale: await this.#read(ref, name, metadata.namespace, signal) }
      } catch (error) {
        signal.throwIfAborted()
        if (index === 0) problem = error
      }
    }
    throw problem
  }

  /** Gives the target its new size; one that was changed meanwhile is read again and gets it all the same. */
  async resize({ ref, scale }: Target, replicas: number, signal: AbortSignal): Promise<void> {
    const { name = '', namespace } = scale.metadata
    let latest = scale
    for (let attempt = 1; ; attempt++) {
      try {
        const wanted = { ...latest, spec: { ...latest.spec, replicas } }
        await this.#client.update(ref, wanted, { subresource: 'scale', signal })
        return
      } catch (error) {
        if (!isConflict(error) || attempt >= tries) throw error
        await this.#clock.sleep(pauseMs, signal)
        latest = await this.#read(ref, name, namespace, signal)
      }
    }
  }

  #read(ref: ResourceRef<Scale>, name: string, namespace: string | undefined, signal: AbortSignal): Promise<Scale> {
    return this.#client.get(ref, name, { namespace, subresource: 'scale', signal })
  }
}

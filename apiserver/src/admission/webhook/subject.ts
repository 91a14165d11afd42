import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { AdmissionRequest } from '../../registry/types.ts'
import type { MatchedRequest } from '../expression-run.ts'
import { convert } from './versions.ts'

/** The object on its way from one webhook or policy to the next, in whatever shape the last of them wanted. */
export class Subject {
  readonly request: AdmissionRequest
  kind: Kind
  object: KubeObject | undefined
  old: KubeObject | undefined
  #dirty = false

  constructor(request: AdmissionRequest) {
    this.request = request
    this.kind = request.kind
    this.object = request.object
    this.old = request.old
  }

  async become(kind: Kind): Promise<void> {
    const { signal } = this.request
    if (this.object) this.object = await convert(this.object, this.kind, kind, signal)
    if (this.old) this.old = await convert(this.old, this.kind, kind, signal)
    this.kind = kind
  }

  replace(object: KubeObject): void {
    this.object = object
    this.#dirty = true
  }

  /** The request with the object as it is now. */
  asRequested(): AdmissionRequest {
    return this.object === undefined ? this.request : { ...this.request, object: this.object }
  }

  /** Whoever made the request holds the object: it is changed in place, in the shape that the request had. */
  async writeBack(): Promise<void> {
    const target = this.request.object as Record<string, unknown> | undefined
    if (!this.#dirty || !target || !this.object) return
    const object = await convert(this.object, this.kind, this.request.kind, this.request.signal)
    for (const field of Object.keys(target)) delete target[field]
    Object.assign(target, clone(object))
  }
}

/** The request as it is now, for expressions to look at. */
export function matchedBy({ request, kind, object, old }: Subject): MatchedRequest {
  return { request, kind, ...(object ? { object } : {}), ...(old ? { old } : {}) }
}

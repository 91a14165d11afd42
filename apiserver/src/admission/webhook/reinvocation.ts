import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'

/** What is remembered between the two rounds of mutating plugins that a request may see. */
// apiserver/pkg/admission/reinvocation.go, plugin/webhook/mutating/reinvocationcontext.go
export class Reinvocation {
  /** 0, and 1 when all are asked once more. */
  round = 0
  /** A webhook changed the object: the plugins before it have not seen that. */
  needed = false
  readonly #called = new Set<string>()
  readonly #again = new Set<string>()
  #output: KubeObject | undefined

  /** Call when the webhooks' turn begins: another plugin's change since their last turn is a reason to ask them again. */
  begin(object: KubeObject | undefined): void {
    if (this.round > 0 && !deepEqual(object, this.#output)) this.changed()
  }

  /** Call when the webhooks' turn is over. */
  end(object: KubeObject | undefined): void {
    this.#output = clone(object)
  }

  /** The object is another one than those webhooks saw that were called so far. */
  changed(): void {
    for (const uid of this.#called) this.#again.add(uid)
    this.#called.clear()
  }

  /** A webhook that wants to be asked again if needed has been asked. */
  called(uid: string): void {
    this.#called.add(uid)
  }

  /** In the second round, only those are asked that a change after their turn concerns. */
  skips(uid: string): boolean {
    return this.round > 0 && !this.#again.has(uid)
  }
}

import { objectKey, type KubeObject } from '../machinery/object.ts'

type IndexFn<T> = (obj: T) => readonly string[]

interface Index<T> {
  fn: IndexFn<T>
  keysByValue: Map<string, Set<string>>
}

const namespaceIndex = ' namespace'

/** Objects by key, and by whatever the indexes derive from them. Objects in it must not be changed. */
// client-go tools/cache/thread_safe_store.go
export class Cache<T extends KubeObject> {
  readonly #objects = new Map<string, T>()
  readonly #indexes = new Map<string, Index<T>>()

  constructor() {
    this.addIndex(namespaceIndex, (obj) => [obj.metadata.namespace ?? ''])
  }

  /** Adds an index over what is there and what comes. The same name again replaces it. */
  addIndex(name: string, fn: IndexFn<T>): void {
    const index: Index<T> = { fn, keysByValue: new Map() }
    for (const [key, obj] of this.#objects) insert(index, key, obj)
    this.#indexes.set(name, index)
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  /** Puts the object in and returns the one it replaces. */
  set(obj: T): T | undefined {
    const key = objectKey(obj)
    const old = this.delete(key)
    this.#objects.set(key, obj)
    for (const index of this.#indexes.values()) insert(index, key, obj)
    return old
  }

  /** Returns the object that was removed. */
  delete(key: string): T | undefined {
    const old = this.#objects.get(key)
    if (old === undefined) return undefined
    this.#objects.delete(key)
    for (const index of this.#indexes.values()) remove(index, key, old)
    return old
  }

  keys(): string[] {
    return [...this.#objects.keys()]
  }

  list(namespace?: string): T[] {
    return namespace === undefined ? [...this.#objects.values()] : this.byIndex(namespaceIndex, namespace)
  }

  /** The objects for which the index gives this value. Throws when there is no such index. */
  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name)
    if (index === undefined) throw new Error(`there is no index named ${name}`)
    const found: T[] = []
    for (const key of index.keysByValue.get(value) ?? []) {
      const obj = this.#objects.get(key)
      if (obj !== undefined) found.push(obj)
    }
    return found
  }
}

function insert<T>(index: Index<T>, key: string, obj: T): void {
  for (const value of index.fn(obj)) {
    const keys = index.keysByValue.get(value)
    if (keys === undefined) index.keysByValue.set(value, new Set([key]))
    else keys.add(key)
  }
}

function remove<T>(index: Index<T>, key: string, obj: T): void {
  for (const value of index.fn(obj)) {
    const keys = index.keysByValue.get(value)
    keys?.delete(key)
    if (keys?.size === 0) index.keysByValue.delete(value)
  }
}

import { resourceExpired } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { Change, watchEvent } from './encoded.ts'
import { History } from './history.ts'
import { insertSorted, lowerBound, removeSorted } from './sorted-keys.ts'
import type { Turns } from './turns.ts'
import type { Encoded, WatchEvent } from './types.ts'
import { Watcher } from './watcher.ts'

export interface PageOptions {
  /** Keys from here on … */
  start: string
  /** … up to, not including, this one; '' for no end. */
  end: string
  /** 0: all. */
  limit: number
  matches(encoded: Encoded): boolean
}

export interface Page {
  items: Encoded[]
  /** The last key looked at, when there may be more after it. */
  last?: string
  /** How many keys come after `last`, whether they match or not. */
  remaining: number
}

export interface WatchStart {
  /** Changes after this revision. Unset: the current state as ADDED events, then changes. */
  revision?: number
  /** Events after the initial state, before any change: the bookmark that says it is complete. */
  afterInitial?: (revision: number) => WatchEvent[]
  /** Key range, as in PageOptions. */
  start: string
  end: string
  matches(encoded: Encoded): boolean
  /** Makes a bookmark; unset: none wanted. */
  bookmark?: (revision: number) => WatchEvent
}

/**
 * Told of every change within the call that makes it, before any watcher is: whoever hears of an object by a watch finds
 * that the follower has it. It must not throw.
 */
export interface Follower {
  /** Exactly one of the two may be undefined. */
  changed(before: KubeObject | undefined, after: KubeObject | undefined): void
  /** Everything is another now, and these are all there are. */
  replaced(objects: Iterable<KubeObject>): void
}

interface Subscription {
  watcher: Watcher
  start: string
  end: string
  bookmark: ((revision: number) => WatchEvent) | undefined
  nextBookmark: number
}

// apiserver/pkg/storage/cacher/cacher.go defaultBookmarkFrequency
const bookmarkMs = 60_000

const within = (key: string, { start, end }: { start: string; end: string }): boolean =>
  key >= start && (end === '' || key < end)

/** The objects of one resource as of one revision, the changes that led there, and who watches them. */
export class ResourceCache {
  #objects = new Map<string, Encoded>()
  #keys: string[] = []
  #history: History
  readonly #subscriptions = new Map<Watcher, Subscription>()
  readonly #followers: Follower[] = []
  readonly #turns: Turns
  #changed: number

  /** `turns` of the watchers, shared by all resources. */
  constructor(revision: number, turns: Turns) {
    this.#turns = turns
    this.#history = new History(revision)
    this.#changed = revision
  }

  get size(): number {
    return this.#keys.length
  }

  get watchers(): number {
    return this.#subscriptions.size
  }

  /** The revision of the last change. */
  get changed(): number {
    return this.#changed
  }

  get(key: string): Encoded | undefined {
    return this.#objects.get(key)
  }

  /** All objects whose key begins with `prefix`, in order. */
  *under(prefix = ''): Generator<Encoded> {
    for (let index = lowerBound(this.#keys, prefix); this.#keys[index]?.startsWith(prefix); index++) {
      const object = this.#objects.get(this.#keys[index] ?? '')
      if (object) yield object
    }
  }

  page({ start, end, limit, matches }: PageOptions): Page {
    const stop = end === '' ? this.#keys.length : lowerBound(this.#keys, end)
    const items: Encoded[] = []
    for (let index = lowerBound(this.#keys, start); index < stop; index++) {
      const key = this.#keys[index] ?? ''
      const object = this.#objects.get(key)
      if (!object || !matches(object)) continue
      items.push(object)
      if (items.length === limit && index + 1 < stop) return { items, last: key, remaining: stop - index - 1 }
    }
    return { items, remaining: 0 }
  }

  /** Takes what happened to a key. */
  apply(key: string, revision: number, time: number, current: Encoded | undefined): void {
    const previous = this.#objects.get(key)
    this.#changed = revision
    if (current) {
      if (!previous) insertSorted(this.#keys, key)
      this.#objects.set(key, current)
    } else if (previous) {
      removeSorted(this.#keys, key)
      this.#objects.delete(key)
    } else return
    for (const follower of this.#followers) follower.changed(previous?.object, current?.object)
    const change = new Change(revision, key, time, previous, current)
    this.#history.add(change)
    for (const subscription of this.#subscriptions.values())
      if (within(key, subscription)) subscription.watcher.push(change)
  }

  /** Starts over with another state: what happened in between is not known, so every watch ends. */
  replace(objects: Map<string, Encoded>, revision: number): void {
    this.#objects = objects
    this.#keys = [...objects.keys()].sort((a, b) => (a < b ? -1 : 1))
    this.#history = new History(revision)
    this.#changed = revision
    for (const follower of this.#followers) follower.replaced(this.#current())
    this.closeWatchers()
  }

  /** Tells the follower what there is, and from now on what changes. */
  follow(follower: Follower): void {
    this.#followers.push(follower)
    follower.replaced(this.#current())
  }

  *#current(): Generator<KubeObject> {
    for (const { object } of this.#objects.values()) yield object
  }

  closeWatchers(): void {
    for (const watcher of [...this.#subscriptions.keys()]) watcher.close(true)
  }

  /**
   * Begins a watch; `revision` is what the cache has reached, `time` the clock's `elapsed`. Throws 410 Expired when changes since
   * the asked revision are forgotten.
   */
  watch(from: WatchStart, revision: number, time: number): Watcher {
    const initial = from.revision === undefined ? this.#state(from, revision) : this.#catchUp(from, from.revision)
    const watcher = new Watcher(this.#turns, from.matches, initial, (closed) => this.#subscriptions.delete(closed))
    this.#subscriptions.set(watcher, {
      watcher,
      start: from.start,
      end: from.end,
      bookmark: from.bookmark,
      nextBookmark: time + bookmarkMs,
    })
    return watcher
  }

  /** Sends the bookmarks that are due. */
  sendBookmarks(revision: number, time: number): void {
    for (const subscription of this.#subscriptions.values()) {
      if (!subscription.bookmark || subscription.nextBookmark > time) continue
      subscription.nextBookmark = time + bookmarkMs
      subscription.watcher.send(subscription.bookmark(revision))
    }
  }

  #state(from: WatchStart, revision: number): WatchEvent[] {
    const { items } = this.page({ ...from, limit: 0 })
    const events = items.map((item) => watchEvent('ADDED', item))
    return from.afterInitial ? [...events, ...from.afterInitial(revision)] : events
  }

  // apiserver/pkg/storage/cacher/watch_cache.go getAllEventsSinceLocked
  #catchUp(from: WatchStart, since: number): WatchEvent[] {
    const changes = this.#history.since(since)
    if (!changes) throw resourceExpired(`too old resource version: ${String(since)} (${String(this.#history.start)})`)
    return changes
      .filter((change) => within(change.key, from))
      .map((change) => change.eventFor(from.matches))
      .filter((event) => event !== undefined)
  }
}

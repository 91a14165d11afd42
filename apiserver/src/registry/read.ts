import { isTooLargeResourceVersion, resourceExpired, StatusError } from '@kubets/shared/machinery/errors.ts'
import { apiVersionOf, type KubeObject } from '@kubets/shared/machinery/object.ts'
import { encode, watchEvent } from '../storage/encoded.ts'
import { CompactedError } from '../storage/etcd-errors.ts'
import type { Page } from '../storage/resource-cache.ts'
import type { Storage } from '../storage/storage.ts'
import type { Encoded, Watch, WatchEvent } from '../storage/types.ts'
import { encodeContinue } from './continue-token.ts'
import { planList, planWatch, type ListPlan } from './list-rules.ts'
import { parseResourceVersion } from './resource-version.ts'
import { select, type Selected } from './selection.ts'
import { asKinds, keyOf, missing, oneAsKind, resourceOf } from './stored.ts'
import type { GetOptions, ListOptions, ListResult, RequestScope, WatchOptions } from './types.ts'

/** One object in the kind's shape; 404 when there is none. */
export async function get(
  storage: Storage,
  scope: RequestScope,
  name: string,
  options: GetOptions = {},
): Promise<Encoded> {
  const { resourceVersion } = options
  const [resource, key] = [resourceOf(scope.kind), keyOf(scope, name)]
  const plan: ListPlan =
    resourceVersion === undefined || resourceVersion === ''
      ? { from: 'latest' }
      : { from: 'atLeast', revision: parseResourceVersion(resourceVersion) }
  const isCached = await caughtUp(storage, plan, scope)
  const encoded = isCached ? storage.resource(resource).get(key) : await storage.read(resource, key)
  if (!encoded) throw missing(scope.kind, name)
  return oneAsKind(scope.kind, encoded, scope.signal)
}

/**
 * Resolves when the cache has what is read, to false when that takes it too long and etcd has it: it has to be read there.
 * Rejects with a 504 when a revision was asked for that may never be.
 */
// staging/src/k8s.io/apiserver/pkg/storage/cacher/delegator.go GetList
async function caughtUp(storage: Storage, plan: ListPlan, { signal }: RequestScope): Promise<boolean> {
  try {
    if (plan.from === 'latest') await storage.cache.fresh(signal)
    else await storage.cache.atLeast(plan.from === 'any' ? 0 : plan.revision, signal)
    return true
  } catch (error) {
    if (!isTooLargeResourceVersion(error)) throw error
    const isThere =
      plan.from === 'latest' || (plan.from === 'exact' && plan.revision <= (await storage.currentRevision()))
    if (!isThere) throw error
    return false
  }
}

/** A page of objects in the kind's shape. */
export async function list(storage: Storage, scope: RequestScope, options: ListOptions): Promise<ListResult> {
  const plan = planList(options)
  const selected = select(scope, options)
  // fields are those of the version asked for: a webhook has to be asked first what they are
  if (options.fieldSelector && scope.kind.storedAs?.webhook)
    await asKinds(scope.kind, [...storage.resource(resourceOf(scope.kind)).under()], scope.signal)
  // a list that takes any state is not paged: clients that ask so want all of it at once
  const limit = plan.from === 'any' ? 0 : (options.limit ?? 0)
  const { page, revision } = await readPage(storage, scope, plan, selected, limit, options.continue)
  const result: ListResult = {
    items: await asKinds(scope.kind, page.items, scope.signal),
    resourceVersion: String(revision),
  }
  if (page.last === undefined) return result
  result.continue = encodeContinue(page.last, revision)
  // apiserver/pkg/storage/etcd3/store.go GetList: with selectors nobody has counted
  if (selected.all) result.remainingItemCount = page.remaining
  return result
}

interface PageAt {
  page: Page
  revision: number
}

async function readPage(
  storage: Storage,
  scope: RequestScope,
  plan: ListPlan,
  selected: Selected,
  limit: number,
  token: string | undefined,
): Promise<PageAt> {
  const resource = resourceOf(scope.kind)
  const cache = storage.resource(resource)
  const isCached = await caughtUp(storage, plan, scope)
  const start = 'start' in plan && plan.start !== undefined && plan.start > selected.start ? plan.start : selected.start
  const asked = { ...selected, start, limit }
  // nothing has changed since, so the present is that past
  const isPresent = plan.from !== 'exact' || cache.changed <= plan.revision
  const cached = plan.from === 'exact' ? plan.revision : storage.cache.revision
  if (isCached && isPresent) return { page: cache.page(asked), revision: cached }
  const revision = plan.from === 'exact' ? plan.revision : await storage.currentRevision()
  try {
    return { page: await storage.pageAt(resource, asked, revision), revision }
  } catch (error) {
    throw error instanceof CompactedError ? expired(token, start) : error
  }
}

// apiserver/pkg/storage/etcd3/errors.go handleCompactedErrorForPaging
function expired(token: string | undefined, start: string): StatusError {
  if (!token) return resourceExpired('The resourceVersion for the provided list is too old.')
  const { status } = resourceExpired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
      'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
      'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
      'deleted between the time the first chunk was returned and now may show up in the list.',
  )
  const last = start.endsWith('\0') ? start.slice(0, -1) : start
  return new StatusError({ ...status, metadata: { continue: encodeContinue(last, -1) } })
}

/** Begins a watch; one that cannot begin where it should has a single ERROR event. */
export async function watch(storage: Storage, scope: RequestScope, options: WatchOptions): Promise<Watch> {
  const plan = planWatch(options)
  const { kind } = scope
  const selected = select(scope, options, options.name)
  if (plan.since === undefined && plan.atLeast === undefined) await storage.cache.fresh(scope.signal)
  else await storage.cache.atLeast(Math.max(plan.since ?? plan.atLeast ?? 0, 0), scope.signal)
  const { revision } = storage.cache
  const bookmark = (at: number): WatchEvent => watchEvent('BOOKMARK', encode(bookmarkObject(scope, at)))
  try {
    const watcher = storage.resource(resourceOf(kind)).watch(
      {
        ...selected,
        ...(plan.since === undefined ? {} : { revision: plan.since < 0 ? revision : plan.since }),
        ...(options.allowWatchBookmarks ? { bookmark } : {}),
        ...(plan.markInitialEnd
          ? { afterInitial: (at: number) => [watchEvent('BOOKMARK', encode(bookmarkObject(scope, at, true)))] }
          : {}),
      },
      revision,
      storage.elapsed(),
    )
    const abort = (): void => watcher.close(true)
    scope.signal.addEventListener('abort', abort, { once: true })
    watcher.onClosed(() => scope.signal.removeEventListener('abort', abort))
    if (scope.signal.aborted) abort()
    return kind.storedAs ? converted(watcher, scope) : watcher
  } catch (error) {
    if (error instanceof StatusError) return single(watchEvent('ERROR', encode(error.status as unknown as KubeObject)))
    throw error
  }
}

function bookmarkObject({ kind }: RequestScope, revision: number, initialEnd = false): KubeObject {
  const annotations = initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { resourceVersion: String(revision), ...annotations },
  }
}

async function* single(event: WatchEvent): AsyncGenerator<readonly WatchEvent[]> {
  yield await Promise.resolve([event])
}

/** The same events with objects in another version's shape, made once for all who watch that version. */
async function* converted(watch: Watch, { kind, signal }: RequestScope): AsyncGenerator<readonly WatchEvent[]> {
  for await (const batch of watch) {
    const changes = batch.filter(({ type }) => type !== 'BOOKMARK')
    const views = (
      await asKinds(
        kind,
        changes.map(({ encoded }) => encoded),
        signal,
      )
    ).values()
    yield batch.map((event) => {
      const encoded = event.type === 'BOOKMARK' ? event.encoded : views.next().value
      if (!encoded || encoded === event.encoded) return event
      const view = event.form(`as ${kind.group}/${kind.version}`, (): { event?: WatchEvent } => ({}))
      // another kind of the same name may have been here before
      if (view.event?.encoded !== encoded) view.event = watchEvent(event.type, encoded)
      return view.event
    })
  }
}

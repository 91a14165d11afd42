import { badRequest, invalid } from '@kubets/shared/machinery/errors.ts'
import { forbidden, notSupported, type FieldError } from '@kubets/shared/machinery/fieldpath.ts'
import { decodeContinue } from './continue-token.ts'
import { parseResourceVersion } from './resource-version.ts'
import type { ListOptions, WatchOptions } from './types.ts'

/** From where a list is answered. */
export type ListPlan =
  /** The cache as it is. */
  | { from: 'any' }
  /** The cache, once it has everything written before the request. */
  | { from: 'latest'; start?: string }
  /** The cache, once it has this revision. */
  | { from: 'atLeast'; revision: number }
  /** The state at exactly this revision. */
  | { from: 'exact'; revision: number; start?: string }

const optionsKind = { group: 'meta.k8s.io', kind: 'ListOptions' }

function refuse(errors: FieldError[]): void {
  if (errors.length > 0) throw invalid(optionsKind, '', errors)
}

/** Throws 400 or 422 for options that contradict each other. */
// apimachinery/pkg/apis/meta/internalversion/validation/validation.go ValidateListOptions
// apiserver/pkg/storage/cacher/delegator/interface.go ShouldDelegateList
export function planList({
  resourceVersion = '',
  resourceVersionMatch: match = '',
  continue: token = '',
  limit = 0,
  sendInitialEvents,
}: ListOptions): ListPlan {
  const errors: FieldError[] = []
  if (match !== '') {
    if (resourceVersion === '')
      errors.push(
        forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
      )
    if (token !== '')
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'))
    if (match !== 'Exact' && match !== 'NotOlderThan')
      errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
    if (match === 'Exact' && resourceVersion === '0')
      errors.push(
        forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
      )
  }
  if (sendInitialEvents !== undefined)
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  refuse(errors)
  if (token !== '') {
    // apiserver/pkg/storage/storage.go ValidateListOptions
    if (resourceVersion !== '' && resourceVersion !== '0')
      throw badRequest('specifying resource version is not allowed when using continue')
    const { start, revision } = decodeContinue(token)
    return revision < 0 ? { from: 'latest', start } : { from: 'exact', revision, start }
  }
  if (resourceVersion === '') return { from: 'latest' }
  const revision = parseResourceVersion(resourceVersion)
  if (revision === 0) return { from: 'any' }
  if (match === 'Exact' || (match === '' && limit > 0)) return { from: 'exact', revision }
  return { from: 'atLeast', revision }
}

/** From where a watch begins. */
export interface WatchPlan {
  /** Changes after this revision; unset: the state first. */
  since?: number
  /** What the state must contain; undefined: everything written before the request. */
  atLeast?: number
  /** A bookmark after the state says that it was complete. */
  markInitialEnd: boolean
}

/** Throws 422 for options that contradict each other. */
// apimachinery/pkg/apis/meta/internalversion/validation/validation.go validateWatchOptions
// apiserver/pkg/storage/cacher/cacher.go Watch
export function planWatch(options: WatchOptions): WatchPlan {
  const { resourceVersion = '', continue: token = '', allowWatchBookmarks } = options
  const { resourceVersionMatch: match = '', sendInitialEvents } = withInitialEvents(options)
  const errors: FieldError[] = []
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan')
    errors.push(
      forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    )
  if (match !== '') {
    if (sendInitialEvents === undefined)
      errors.push(
        forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
        ),
      )
    if (match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']))
    if (token !== '')
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'))
  }
  refuse(errors)
  const revision = parseResourceVersion(resourceVersion)
  const markInitialEnd = sendInitialEvents === true && allowWatchBookmarks === true
  if (sendInitialEvents === true) return { markInitialEnd, ...(resourceVersion === '' ? {} : { atLeast: revision }) }
  if (revision > 0) return { since: revision, markInitialEnd }
  if (sendInitialEvents === false) return { since: -1, markInitialEnd }
  return { markInitialEnd, ...(resourceVersion === '' ? {} : { atLeast: 0 }) }
}

/** A watch from no revision, or from any, begins with the state: that is asked for, and its end is marked. */
// apimachinery/pkg/apis/meta/internalversion/defaults.go SetListOptionsDefaults
function withInitialEvents(options: WatchOptions): Pick<WatchOptions, 'resourceVersionMatch' | 'sendInitialEvents'> {
  const { resourceVersion = '', resourceVersionMatch = '', sendInitialEvents } = options
  const legacy = resourceVersion === '' || resourceVersion === '0'
  if (!legacy || sendInitialEvents !== undefined || resourceVersionMatch !== '') return options
  return { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
}

import type { Endpoint, EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { endpointKey } from './desired.ts'

interface Kept {
  slice: EndpointSlice
  endpoints: Endpoint[]
  changed: boolean
}

interface Filled {
  kept: Kept[]
  /** Endpoints of each new slice. */
  created: Endpoint[][]
  emptied: EndpointSlice[]
}

/**
 * Distributes the endpoints over the slices there are: those already in a slice stay there, the rest first fills slices
 * that change anyway, then one that has room for all of it, then new ones.
 * `capacity`: how many endpoints a slice takes; `hintsCount`: another hint is a change.
 */
// staging endpointslice/reconciler.go reconcileByPortMapping
export const fillSlices = (
  slices: readonly EndpointSlice[],
  endpoints: readonly Endpoint[],
  capacity: number,
  hintsCount: boolean,
): Filled => {
  const rest = new Map(endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]))
  const kept: Kept[] = []
  const emptied: EndpointSlice[] = []
  const onlyPlaceholder = endpoints.length === 0

  for (const slice of slices) {
    const stays: Endpoint[] = []
    let changed = false
    for (const old of slice.endpoints ?? []) {
      const key = endpointKey(old)
      const next = rest.get(key)
      if (!next) {
        changed = true
        continue
      }
      stays.push(next)
      rest.delete(key)
      changed ||= !deepEqual(
        hintsCount ? old : { ...old, hints: undefined },
        hintsCount ? next : { ...next, hints: undefined },
      )
    }
    if (stays.length > 0 || (onlyPlaceholder && kept.length === 0)) kept.push({ slice, endpoints: stays, changed })
    else emptied.push(slice)
  }

  const take = (count: number): Endpoint[] => {
    const taken = [...rest.entries()].slice(0, Math.max(0, count))
    for (const [key] of taken) rest.delete(key)
    return taken.map(([, endpoint]) => endpoint)
  }
  const top = (target: Kept): void => {
    const added = take(capacity - target.endpoints.length)
    if (added.length === 0) return
    target.endpoints.push(...added)
    target.changed = true
  }

  for (const target of kept.toSorted((a, b) => b.endpoints.length - a.endpoints.length)) if (target.changed) top(target)
  const created: Endpoint[][] = []
  while (rest.size > 0) {
    // Of the slices that can take all that is left, the fullest.
    const [fits] = kept
      .filter((target) => target.endpoints.length + rest.size <= capacity)
      .sort((a, b) => b.endpoints.length - a.endpoints.length)
    if (fits) top(fits)
    else created.push(take(capacity))
  }
  if (onlyPlaceholder && kept.length === 0) created.push([])
  return { kept, created, emptied }
}

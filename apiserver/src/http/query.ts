import { schemaFor } from '@kubets/shared/api/schemas.ts'
import { badRequest, invalid } from '@kubets/shared/machinery/errors.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { DeleteOptions, ListOptions, WatchOptions } from '../registry/types.ts'
import { decodeBytes } from './body.ts'
import type { RequestContext } from './context.ts'
import { dryRunErrors } from './write-options.ts'
import { isTrue } from './request-info.ts'

type Query = URLSearchParams

/** Only what is set: an empty parameter counts as absent, as in Go. */
function given<K extends string>(query: Query, ...names: K[]): Partial<Record<K, string>> {
  const result: Partial<Record<K, string>> = {}
  for (const name of names) {
    const value = query.get(name)
    if (value !== null && value !== '') result[name] = value
  }
  return result
}

/** An integer parameter; undefined when absent. Throws 400. */
export function integer(query: Query, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`)
  return Number(text)
}

export function listOptions(query: Query): ListOptions {
  const limit = integer(query, 'limit')
  integer(query, 'timeoutSeconds') // refused when it is no number, though lists are not cut by it
  return {
    ...given(query, 'labelSelector', 'fieldSelector', 'continue', 'resourceVersion', 'resourceVersionMatch'),
    ...(limit !== undefined && limit > 0 ? { limit } : {}),
    ...(query.has('sendInitialEvents') ? { sendInitialEvents: isTrue(query.get('sendInitialEvents')) } : {}),
  }
}

export function watchOptions(query: Query): WatchOptions {
  const sendInitialEvents = query.get('sendInitialEvents')
  return {
    ...given(query, 'labelSelector', 'fieldSelector', 'resourceVersion', 'resourceVersionMatch', 'continue'),
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    ...(sendInitialEvents ? { sendInitialEvents: isTrue(sendInitialEvents) } : {}),
  }
}

/** From the body when there is one, else from the query. */
export async function deleteOptions(context: RequestContext): Promise<DeleteOptions> {
  const body = await context.body()
  let options: DeleteOptions
  if (body.length > 0) {
    options = (await decodeBytes(context, schemaFor('', 'v1', 'DeleteOptions'), body)).object
    if (context.query.getAll('dryRun').length > 0) options.dryRun ??= context.query.getAll('dryRun')
  } else {
    options = deleteOptionsOf(context.query)
  }
  const errors = dryRunErrors(options.dryRun ?? [])
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors)
  return options
}

function deleteOptionsOf(query: Query): DeleteOptions {
  const seconds = integer(query, 'gracePeriodSeconds')
  const dryRun = query.getAll('dryRun')
  const orphan = query.get('orphanDependents')
  const policy = query.get('propagationPolicy')
  return {
    ...(seconds === undefined ? {} : { gracePeriodSeconds: seconds }),
    ...(dryRun.length === 0 ? {} : { dryRun }),
    ...(orphan ? { orphanDependents: isTrue(orphan) } : {}),
    ...(policy ? { propagationPolicy: policy } : {}),
  }
}

/** Milliseconds of a duration such as "30s", "1m30s" or "5"; undefined when absent or malformed. */
export function durationMilliseconds(text: string | null): number | undefined {
  if (text === null || text === '') return undefined
  if (/^\d+$/.test(text)) return Number(text) * 1000
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined
  const unit: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  let sum = 0
  for (const [, number, , name] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g))
    sum += Number(number) * (unit[name ?? ''] ?? 0)
  return sum
}

import type { KubeObject } from '../../machinery/object.ts'
import { humanDuration, parseTime } from '../../machinery/time.ts'
import type { Cell, Column } from './kind.ts'

/** A column of type string; `wide` columns show with `-o wide` only. */
export function column(
  name: string,
  description: string,
  more: { wide?: boolean; type?: Column['type'] } = {},
): Column {
  return { name, type: more.type ?? 'string', format: '', description, priority: more.wide ? 1 : 0 }
}

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique within its namespace.',
  priority: 0,
}

export const ageColumn = column('Age', 'Time since the object was created.')

export const nameAndAge: readonly Column[] = [nameColumn, ageColumn]

export function nameAndAgeRow(obj: KubeObject, now: number): Cell[] {
  return [obj.metadata.name ?? '', age(obj, now)]
}

/** Time since the object was created, as kubectl's AGE. */
export function age(obj: KubeObject, now: number): string {
  return since(obj.metadata.creationTimestamp, now)
}

/** Time between an RFC 3339 timestamp and `now`; `<unknown>` where there is none. */
export function since(timestamp: string | null | undefined, now: number): string {
  if (!timestamp) return '<unknown>'
  return humanDuration(now - parseTime(timestamp))
}

/** `a,b + 2 more...`: the first `max` of `all`. */
export function firstFew(all: readonly string[], max: number, separator = ','): string {
  const text = all.slice(0, max).join(separator)
  return all.length > max ? `${text} + ${all.length - max} more...` : text
}

/** A map as `k=v,k2=v2` in key order; `<none>` where empty. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  if (!labels) return '<none>'
  const keys = Object.keys(labels).sort()
  if (keys.length === 0) return '<none>'
  return keys.map((key) => `${key}=${labels[key]}`).join(',')
}

interface Selector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] | null }[] | null
}

/** A LabelSelector in the text form of `-l`; `<none>` where it is absent or selects everything. */
export function formatSelector(selector: Selector | undefined): string {
  const parts: { key: string; text: string }[] = []
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) parts.push({ key, text: `${key}=${value}` })
  for (const { key, operator, values } of selector?.matchExpressions ?? []) {
    const list = [...(values ?? [])].sort().join(',')
    if (operator === 'In') parts.push({ key, text: `${key} in (${list})` })
    else if (operator === 'NotIn') parts.push({ key, text: `${key} notin (${list})` })
    else if (operator === 'Exists') parts.push({ key, text: key })
    else parts.push({ key, text: `!${key}` })
  }
  parts.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return parts.length === 0 ? '<none>' : parts.map((part) => part.text).join(',')
}

interface Template {
  spec?: { containers?: { name: string; image?: string }[] | null }
}

export const containerColumns: readonly Column[] = [
  column('Containers', 'Names of the containers in the template.', { wide: true }),
  column('Images', 'Images of the containers in the template.', { wide: true }),
]

/** The cells of `containerColumns`. */
export function containerCells(template: Template | undefined): [string, string] {
  const containers = template?.spec?.containers ?? []
  return [containers.map((c) => c.name).join(','), containers.map((c) => c.image ?? '').join(',')]
}

interface LoadBalancer {
  ingress?: { ip?: string; hostname?: string }[] | null
}

/** Addresses a load balancer has, each once and sorted. */
// pkg/printers/internalversion/printers.go loadBalancerStatusStringer
export function ingressAddresses(status: LoadBalancer | undefined): string[] {
  const found = new Set<string>()
  for (const { ip, hostname } of status?.ingress ?? []) {
    const address = ip || hostname
    if (address) found.add(address)
  }
  return [...found].sort()
}

const shortModes: readonly (readonly [string, string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]

/** `RWO,ROX`: access modes of a volume in their fixed order. */
// pkg/apis/core/helper/helpers.go GetAccessModesAsString
export function accessModes(modes: readonly string[] | undefined): string {
  return shortModes
    .filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(',')
}

import type { Resource } from './types.ts'

/**
 * Keys are PREFIX/<group>/<resource>/<namespace>/<name>, without the namespace for cluster-scoped objects. The core group
 * is written "core", so that two segments always tell the resource. Folders beginning with a dot hold our own marks.
 */
export function folderOf(prefix: string, { group, plural }: Resource): string {
  return `${prefix}/${group === '' ? 'core' : group}/${plural}/`
}

/** The inverse of folderOf for a whole key; undefined for keys that hold no object. */
export function splitStorageKey(prefix: string, key: string): { folder: string; key: string } | undefined {
  if (!key.startsWith(`${prefix}/`) || key[prefix.length + 1] === '.') return undefined
  const plural = key.indexOf('/', prefix.length + 1)
  const rest = plural < 0 ? -1 : key.indexOf('/', plural + 1)
  if (rest < 0) return undefined
  return { folder: key.slice(0, rest + 1), key: key.slice(rest + 1) }
}

/** The first key after all that begin with `prefix`. */
// etcd client/v3/op.go getPrefix
export function prefixEnd(prefix: string): string {
  const last = prefix.length - 1
  // prefixes end in a slash or other ASCII, never in a byte that would overflow
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1)
}

// The checksums of upstream's checkpoints: of a value as Go's dump of it reads.
// pkg/kubelet/checkpointmanager/checksum/checksum.go, pkg/util/hash/hash.go DeepHashObject, pkg/util/dump

/** FNV-1a of a dump's bytes. */
export function goChecksum(dump: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(dump)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

/** A map in a dump: keys in their order. */
export function quotedMap(entries: readonly (readonly [string, string])[]): string {
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `map[${sorted.map(([key, value]) => `${key}:${value}`).join(' ')}]`
}

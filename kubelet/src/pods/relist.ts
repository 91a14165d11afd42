import type { Container, PodIdentity, PodSandbox } from '../runtime/types.ts'

/** What a relist saw of one Pod: changes when something of it came, went or changed its state. */
export interface PodTrace {
  identity: PodIdentity
  text: string
}

/** One trace for each Pod that the runtime has something of. */
// pkg/kubelet/pleg/generic.go
export function traces(sandboxes: readonly PodSandbox[], containers: readonly Container[]): Map<string, PodTrace> {
  const parts = new Map<string, { identity: PodIdentity; parts: string[] }>()
  for (const one of [...sandboxes, ...containers]) {
    const known = parts.get(one.pod.uid) ?? { identity: one.pod, parts: [] }
    known.parts.push(`${one.id}=${one.state}`)
    parts.set(one.pod.uid, known)
  }
  return new Map(
    [...parts].map(([uid, one]) => [uid, { identity: one.identity, text: one.parts.toSorted().join(' ') }]),
  )
}

/** The Pods whose traces differ. */
export function changedPods(before: ReadonlyMap<string, PodTrace>, after: ReadonlyMap<string, PodTrace>): string[] {
  const all = new Set([...before.keys(), ...after.keys()])
  return [...all].filter((uid) => before.get(uid)?.text !== after.get(uid)?.text)
}

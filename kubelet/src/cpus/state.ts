// Who has which CPUs, and how that is written down. pkg/kubelet/cm/cpumanager/state
import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'
import { goChecksum, quotedMap } from '../checksum.ts'
import { cpuSetText, parseCpuSet, type CpuSet } from './cpuset.ts'

export interface CpuState {
  /** What all share who have none of their own. */
  shared: CpuSet
  /** What containers have alone, by the Pod's uid and the container's name. */
  assignments: ReadonlyMap<string, ReadonlyMap<string, CpuSet>>
}

export const emptyState: CpuState = { shared: new Set(), assignments: new Map() }

/** The state as a file's text. */
// state/checkpoint.go CPUManagerCheckpoint.MarshalCheckpoint
export function stateText(policyName: string, { shared, assignments }: CpuState): string {
  const entries = new Map([...assignments].toSorted().map(([uid, of]) => [uid, textsOf(of)]))
  const plain = Object.fromEntries([...entries].map(([uid, of]) => [uid, Object.fromEntries(of)]))
  return JSON.stringify({
    policyName,
    defaultCpuSet: cpuSetText(shared),
    ...(entries.size > 0 && { entries: plain }),
    checksum: checksumOf(policyName, cpuSetText(shared), entries),
  })
}

const textsOf = (of: ReadonlyMap<string, CpuSet>): Map<string, string> =>
  new Map([...of].toSorted().map(([name, cpus]) => [name, cpuSetText(cpus)]))

function checksumOf(policyName: string, shared: string, entries: ReadonlyMap<string, ReadonlyMap<string, string>>) {
  const inner = [...entries].map(([uid, of]): [string, string] => [uid, quotedMap([...of])])
  const map = `(map[string]map[string]string)${quotedMap(inner)}`
  const fields = `PolicyName:(string)${policyName} DefaultCPUSet:(string)${shared} Entries:${map}`
  return goChecksum(`(*state.CPUManagerCheckpoint){${fields} Checksum:(checksum.Checksum)0}`)
}

/** Reads such a text. Throws an Error when it is broken, or of another policy. */
// state/state_checkpoint.go restoreState
export function parseState(policyName: string, text: string): CpuState {
  const corrupt = new Error('checkpoint is corrupted')
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch {
    throw corrupt
  }
  if (!isObject(file)) throw corrupt
  const { policyName: policy, defaultCpuSet: shared, entries = {}, checksum } = file
  if (typeof policy !== 'string' || typeof shared !== 'string' || !isObject(entries)) throw corrupt
  const texts = new Map(
    Object.entries(entries)
      .toSorted()
      .map(([uid, of]) => {
        const named = isObject(of) ? Object.entries(of) : []
        return [uid, new Map(named.toSorted().map(([name, cpus]) => [name, String(cpus)]))]
      }),
  )
  if (checksumOf(policy, shared, texts) !== checksum) throw corrupt
  if (policy !== policyName) {
    const which = `configured policy ${JSON.stringify(policyName)} differs from state checkpoint policy`
    throw new Error(`${which} ${JSON.stringify(policy)}`)
  }
  return {
    shared: parseCpuSet(shared),
    assignments: new Map(
      [...texts].map(([uid, of]) => [uid, new Map([...of].map(([name, cpus]) => [name, parseCpuSet(cpus)]))]),
    ),
  }
}

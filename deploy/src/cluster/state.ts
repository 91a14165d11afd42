import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive, type ProcessId } from './processes.ts'

/** What the supervisor keeps in `run/state.json` about one program. */
export interface ProgramState extends ProcessId {
  readonly name: string
  /** When it was last started, RFC 3339. */
  readonly since: string
  readonly restarts: number
  /** The last lines it said before it ended the last time. */
  readonly lastError: string
  readonly health: string
}

export interface ClusterState {
  readonly supervisor: ProcessId
  readonly startedAt: string
  readonly programs: readonly ProgramState[]
}

/** The state as last written, or undefined when nothing was ever started (or the file is damaged). */
export async function readState(stateDir: string): Promise<ClusterState | undefined> {
  try {
    return JSON.parse(await readFile(statePath(stateDir), 'utf8')) as ClusterState
  } catch {
    return undefined
  }
}

/** The state when its supervisor is alive. */
export async function readLiveState(stateDir: string): Promise<ClusterState | undefined> {
  const state = await readState(stateDir)
  return state !== undefined && (await isAlive(state.supervisor)) ? state : undefined
}

export async function writeState(stateDir: string, state: ClusterState): Promise<void> {
  const temporary = `${statePath(stateDir)}.new`
  await writeFile(temporary, JSON.stringify(state, undefined, 2))
  await rename(temporary, statePath(stateDir))
}

function statePath(stateDir: string): string {
  return join(stateDir, 'run', 'state.json')
}

import { readFile } from 'node:fs/promises'

/** A process told apart from a later one with the same pid by the kernel's start time (clock ticks since boot). */
export interface ProcessId {
  readonly pid: number
  readonly startTime: string
}

/** Field 22 of /proc/PID/stat, or '' when there is no such process. proc(5). */
export async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '')
  // The command name may hold spaces and parentheses: fields count from its last closing one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? '' : (fields[19] ?? '')
}

/** Whether this very process (not merely its pid) still runs. */
export async function isAlive(id: ProcessId): Promise<boolean> {
  return id.pid > 0 && id.startTime !== '' && (await startTime(id.pid)) === id.startTime
}

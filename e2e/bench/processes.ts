import { readFile } from 'node:fs/promises'

/** Resident memory in MiB and CPU seconds used so far, of one process. proc(5) */
export async function usage(pid: number): Promise<{ residentMiB: number; cpuSeconds: number }> {
  const [status, stat] = await Promise.all([
    readFile(`/proc/${String(pid)}/status`, 'utf8'),
    readFile(`/proc/${String(pid)}/stat`, 'utf8'),
  ])
  const kib = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // utime and stime, in ticks of 10 ms on every Linux that Node supports.
  return { residentMiB: kib / 1024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 }
}

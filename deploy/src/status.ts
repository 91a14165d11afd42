import { ask } from './cluster/health.ts'
import { isAlive } from './cluster/processes.ts'
import { readState } from './cluster/state.ts'
import type { Settings } from './settings.ts'

/** One row of `kubets status`. */
export interface ProgramStatus {
  readonly name: string
  readonly pid: number
  readonly state: 'running' | 'unhealthy' | 'stopped'
  readonly since: string
  readonly restarts: number
  readonly problem: string
}

/** `kubets status`: what runs, since when, and the last error of what does not. Exit code 1 unless all is well. */
export async function status(settings: Settings): Promise<number> {
  const rows = await programStatuses(settings)
  if (settings.output === 'json') process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`)
  else if (rows.length === 0) process.stdout.write("kubets is not running. Start it with 'npm run up'.\n")
  else process.stdout.write(table(rows))
  return rows.length > 0 && rows.every((row) => row.state === 'running') ? 0 : 1
}

async function programStatuses(settings: Settings): Promise<ProgramStatus[]> {
  const cluster = await readState(settings.stateDir)
  if (cluster === undefined) return []
  const supervised = await isAlive(cluster.supervisor)
  const rows = await Promise.all(
    cluster.programs.map(async (program): Promise<ProgramStatus> => {
      const { name, pid, since, restarts } = program
      if (!(await isAlive(program))) return { name, pid, state: 'stopped', since, restarts, problem: program.lastError }
      const health = await ask(settings, program.health)
      const well = health.code === 200
      const problem = well
        ? ''
        : `health check: ${health.code === 0 ? '' : `${String(health.code)} `}${firstLine(health.body)}`
      return { name, pid, state: well ? 'running' : 'unhealthy', since, restarts, problem }
    }),
  )
  if (supervised) return rows
  return [
    {
      name: 'supervisor',
      pid: 0,
      state: 'stopped',
      since: '',
      restarts: 0,
      problem: "not running: 'npm run up' starts it",
    },
    ...rows,
  ]
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? ''
}

/** Pure: rows as an aligned table. */
export function table(rows: readonly ProgramStatus[]): string {
  const cells = [
    ['PROGRAM', 'STATE', 'PID', 'SINCE', 'RESTARTS', 'LAST ERROR'],
    ...rows.map((row) => [
      row.name,
      row.state,
      row.pid > 0 ? String(row.pid) : '-',
      row.since || '-',
      String(row.restarts),
      row.problem,
    ]),
  ]
  const widths = cells[0]?.map((_cell, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? []
  return cells
    .map(
      (line) =>
        line
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd() + '\n',
    )
    .join('')
}

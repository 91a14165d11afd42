import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { CommandError, type Run } from './command.ts'
import type { StaleFlow } from './rules/conntrack.ts'

/** Deletes UDP flows from the kernel's connection table. Failures are logged: they cost a client some seconds at most. */
// pkg/proxy/conntrack/cleanup.go
export async function forgetFlows(
  flows: readonly StaleFlow[],
  { run, log, signal }: { run: Run; log: Logger; signal: AbortSignal },
): Promise<void> {
  for (const flow of flows) {
    const args = ['-D', '-p', 'udp', '--dport', String(flow.port)]
    if (flow.ip) args.push('--orig-dst', flow.ip)
    if (flow.endpointIP) args.push('--dst-nat', flow.endpointIP)
    try {
      await run('conntrack', args, { signal, timeoutMs: 5000 })
    } catch (error) {
      // exit code 1: there was none to delete
      if (error instanceof CommandError && error.code === 1) continue
      log.warn({ error: String(error) }, 'stale UDP flows stay in the connection table')
      return
    }
  }
}

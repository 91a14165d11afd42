import type { Container, LifecycleHandler } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { actionUrl, httpGet, resolvePort, tcpConnect } from '../probes/http.ts'
import type { RuntimeService } from '../runtime/types.ts'

export interface HookTarget {
  container: Container
  containerId: string
  podIP: string
}

// a postStart hook has no time limit of its own; the kubelet must not wait for ever
const longestHookMs = 24 * 3600 * 1000
const httpLimitMs = 30_000

/** Runs a postStart or preStop handler to its end. Throws what went wrong. */
// pkg/kubelet/lifecycle/handlers.go handlerRunner.Run
export async function runHook(
  runtime: RuntimeService,
  clock: Clock,
  handler: LifecycleHandler,
  target: HookTarget,
  signal: AbortSignal,
): Promise<void> {
  if (handler.sleep) return clock.sleep(handler.sleep.seconds * 1000, signal)
  if (handler.exec) {
    const command = handler.exec.command ?? []
    const { exitCode, stdout, stderr } = await runtime.execSync(target.containerId, command, longestHookMs, signal)
    if (exitCode === 0) return
    const said = Buffer.concat([stdout, stderr]).toString('utf8')
    throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: , message: ${JSON.stringify(said)}`)
  }
  const limit = new AbortController()
  const cancel = clock.timer(httpLimitMs, () => limit.abort())
  const stop = AbortSignal.any([signal, limit.signal])
  try {
    if (handler.httpGet) {
      const url = actionUrl(handler.httpGet, target.container, target.podIP)
      await httpGet(url, handler.httpGet, stop)
    } else if (handler.tcpSocket) {
      const port = resolvePort(handler.tcpSocket.port, target.container)
      await tcpConnect(handler.tcpSocket.host || target.podIP, port, stop)
    } else throw new Error(`invalid handler: ${JSON.stringify(handler)}`)
  } finally {
    cancel()
  }
}

// One probe, once. pkg/kubelet/prober/prober.go, pkg/probe
import type { Container, Probe } from '@kubets/shared/api/types/core-v1.ts'
import type { ProbeResult } from '../pods/model.ts'
import { goSeconds } from '../pods/backoff.ts'
import { RuntimeError, type RuntimeService } from '../runtime/types.ts'
import { grpcHealth } from './grpc.ts'
import { actionUrl, httpGet, resolvePort, tcpConnect } from './http.ts'

export interface ProbeTarget {
  container: Container
  containerId: string
  podIP: string
}

export interface Outcome {
  result: ProbeResult
  output: string
  /** It is well, but not quite as it should be. */
  warning?: boolean
}

/** Runs the probe within its time limit. Unknown when it could not be run at all. Rejects only when aborted. */
export async function runProbe(
  runtime: RuntimeService,
  probe: Probe,
  target: ProbeTarget,
  limit: { timeoutMs: number; timeout: AbortSignal },
  signal: AbortSignal,
): Promise<Outcome> {
  const stop = AbortSignal.any([signal, limit.timeout])
  try {
    if (probe.exec) return await runExec(runtime, probe.exec.command ?? [], target, limit.timeoutMs, signal)
    if (probe.httpGet) {
      const url = actionUrl(probe.httpGet, target.container, target.podIP)
      const { status, body } = await httpGet(url, probe.httpGet, stop)
      if (status >= 200 && status < 300) return { result: 'Success', output: body }
      // it leads to another host, whose answer says nothing of this one. pkg/probe/http/http.go DoHTTPProbe
      if (status >= 300 && status < 400) {
        return { result: 'Success', output: `Probe terminated redirects, Response body: ${body}`, warning: true }
      }
      return { result: 'Failure', output: `HTTP probe failed with statuscode: ${status}` }
    }
    if (probe.tcpSocket) {
      const port = resolvePort(probe.tcpSocket.port, target.container)
      await tcpConnect(probe.tcpSocket.host || target.podIP, port, stop)
      return { result: 'Success', output: '' }
    }
    if (probe.grpc) {
      const { port, service = '' } = probe.grpc
      const question = { host: target.podIP, port, service, within: goSeconds(limit.timeoutMs / 1000) }
      const { healthy, output } = await grpcHealth(question, stop)
      signal.throwIfAborted()
      return { result: healthy ? 'Success' : 'Failure', output }
    }
    return { result: 'Unknown', output: `probes of kind ${Object.keys(probe)[0] ?? ''} are not supported` }
  } catch (error) {
    signal.throwIfAborted()
    return { result: 'Failure', output: error instanceof Error ? error.message : String(error) }
  }
}

async function runExec(
  runtime: RuntimeService,
  command: readonly string[],
  target: ProbeTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const { stdout, stderr, exitCode } = await runtime.execSync(target.containerId, command, timeoutMs, signal)
    const output = Buffer.concat([stdout, stderr]).toString('utf8')
    return { result: exitCode === 0 ? 'Success' : 'Failure', output }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof RuntimeError)) throw error
    if (error.code === 'Timeout') {
      const output = `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs / 1000}s`
      return { result: 'Failure', output }
    }
    // the runtime does not answer: that says nothing about the container
    return { result: 'Unknown', output: error.message }
  }
}

/** What a kubelet that is careful does not show: KubeletConfiguration's switches of the same names. */
export interface Handlers {
  enableDebuggingHandlers: boolean
  enableSystemLogHandler: boolean
  enableProfilingHandler: boolean
  enableDebugFlagsHandler: boolean
}

const debugging = [
  '/run/',
  '/exec/',
  '/attach/',
  '/portForward/',
  '/containerLogs/',
  '/runningpods/',
  '/debug/pprof/',
  '/logs/',
]

/** Why nothing is heard at a path though there could be something (405); undefined when there is no such reason. */
// pkg/kubelet/server/server.go InstallDebuggingDisabledHandlers and its siblings
export function switchedOff(handlers: Handlers, url: string): string | undefined {
  const path = `${url.split('?', 1)[0] ?? ''}/`
  const below = (root: string): boolean => path.startsWith(root)
  if (!handlers.enableDebuggingHandlers) return debugging.some(below) ? 'Debug endpoints are disabled.' : undefined
  if (!handlers.enableSystemLogHandler && below('/logs/')) return 'logs endpoint is disabled.'
  if (!handlers.enableProfilingHandler && below('/debug/pprof/')) return 'profiling endpoint is disabled.'
  if (!handlers.enableDebugFlagsHandler && below('/debug/flags/v/')) return 'flags endpoint is disabled.'
  return undefined
}

/** Whether there is nothing at the path because of a switch, and nobody is told why. server.go NewServer */
export function goneWithDebugging({ enableDebuggingHandlers }: Handlers, url: string): boolean {
  return !enableDebuggingHandlers && /^\/configz($|[/?])/.test(url)
}

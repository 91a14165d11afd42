/** What the kubelet does with plugins of one type. */
// pkg/kubelet/pluginmanager/cache/types.go PluginHandler
export interface PluginHandler {
  /** Throws why a plugin that says this of itself cannot be taken; it is asked again later. */
  validate(name: string, endpoint: string, versions: readonly string[]): void
  /** Takes the plugin, whose service is on the socket `endpoint`. Rejects with why it is not taken after all. */
  register(name: string, endpoint: string, versions: readonly string[], signal: AbortSignal): Promise<void>
  /** The plugin's socket is gone, or another one is there under its name. */
  deregister(name: string, endpoint: string, signal: AbortSignal): Promise<void>
}

/** Handlers by the type that plugins say they have. */
export type PluginHandlers = ReadonlyMap<string, PluginHandler>

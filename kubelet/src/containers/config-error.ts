/** A container cannot be configured as its spec says: CreateContainerConfigError. */
// pkg/kubelet/kuberuntime/kuberuntime_container.go ErrCreateContainerConfig
export class ConfigError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ConfigError'
  }
}

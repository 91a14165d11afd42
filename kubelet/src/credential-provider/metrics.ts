import { Counter, Histogram, type Registry } from 'prom-client'

/** Notes how long a provider's program took, and whether it failed. */
export interface ProviderMetrics {
  ran(provider: string, seconds: number, failed: boolean): void
}

/** The metrics of credential providers. pkg/credentialprovider/plugin/metrics.go */
export function providerMetrics(register: Registry): ProviderMetrics {
  const errors = new Counter({
    name: 'kubelet_credential_provider_plugin_errors',
    help: '[ALPHA] Number of errors from credential provider plugin',
    labelNames: ['plugin_name'],
    registers: [register],
  })
  const duration = new Histogram({
    name: 'kubelet_credential_provider_plugin_duration',
    help: '[ALPHA] Duration of execution in seconds for credential provider plugin',
    labelNames: ['plugin_name'],
    registers: [register],
  })
  return {
    ran: (provider, seconds, failed) => {
      duration.observe({ plugin_name: provider }, seconds)
      if (failed) errors.inc({ plugin_name: provider })
    },
  }
}

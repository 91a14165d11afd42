import { Client } from '@kubets/shared/client/client.ts'
import type { ClientConfig } from '@kubets/shared/client/config.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'

// pkg/kubelet/apis/config/v1beta1/defaults.go
/** nodeStatusUpdateFrequency */
export const statusUpdateMs = 10_000
/** nodeLeaseDurationSeconds */
export const leaseDurationSeconds = 40

/**
 * A client for the Node's status and its Lease alone. Its connections are its own, so that nothing else holds the node's
 * signs of life up, and it waits for no answer for longer than until the next of them is due.
 */
// cmd/kubelet/app/server.go run
export function heartbeatClient(config: ClientConfig, clock: Clock): Client {
  return new Client({ ...config, requestLimitMs: Math.min(statusUpdateMs, leaseDurationSeconds * 1000) }, { clock })
}

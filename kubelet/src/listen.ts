import { readFile } from 'node:fs/promises'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { serveHealth } from '@kubets/shared/process/health.ts'
import { sortedCpus } from './cpus/cpuset.ts'
import type { ContainerManager } from './container-manager.ts'
import type { Options } from './options.ts'
import { servePodResources } from './pod-resources/server.ts'
import type { PodManager } from './pods/manager.ts'
import { startServer, type ServerOptions } from './server/server.ts'

export interface ListenOptions extends Pick<
  ServerOptions,
  'configuration' | 'checks' | 'metrics' | 'probeMetrics' | 'usage' | 'runtime' | 'clock'
> {
  options: Options
  client: Client
  pods: PodManager
  containers: ContainerManager
  log: Logger
  signal: AbortSignal
}

/** Answers whoever asks the kubelet something, until the signal aborts. Rejects when a port is taken or a file is missing. */
export async function listen(given: ListenOptions): Promise<void> {
  await tellAgents(given)
  await answerHealth(given)
  await answerRequests(given)
}

/** Tells agents on this node what Pods have alone. */
async function tellAgents({ options, pods, containers, log, signal }: ListenOptions): Promise<void> {
  const { devices, cpus } = containers
  const alone = {
    pods: () => pods.active(),
    devices: (uid: string, container: string) => devices.assigned(uid, container),
    allocatableDevices: () => devices.allocatable(),
    cpus: (uid: string, container: string) => sortedCpus(cpus.exclusive(uid, container)),
    allocatableCpus: () => sortedCpus(cpus.allocatable()),
  }
  await servePodResources(options.rootDir, alone, signal).catch((error: unknown) => {
    log.error({ error: (error as Error).message }, 'what Pods have alone cannot be told here')
  })
}

/** /healthz and /metrics for whoever is on the machine. */
async function answerHealth({ options, metrics, log, signal }: ListenOptions): Promise<void> {
  if (options.healthzPort === 0) return
  const checks = { ping: () => undefined }
  await serveHealth({ host: options.healthzAddress, port: options.healthzPort, log, checks, metrics }, signal)
}

/** The HTTPS server, where there are the files that it needs. */
async function answerRequests({ options, ...given }: ListenOptions): Promise<void> {
  const { certFile, keyFile, clientCaFile } = options
  if (certFile === undefined || keyFile === undefined || clientCaFile === undefined) {
    given.log.warn('no HTTPS server: it needs --tls-cert-file, --tls-private-key-file and --client-ca-file')
    return
  }
  // cmd/kubelet/app/auth.go BuildAuthz
  if (options.kubeconfig === undefined) throw new Error('no client provided, cannot use webhook authorization')
  const [cert, key, clientCA] = await Promise.all(
    [certFile, keyFile, clientCaFile].map((file) => readFile(file, 'utf8')),
  )
  await startServer({
    ...given,
    host: options.address,
    port: options.port,
    cert: cert ?? '',
    key: key ?? '',
    clientCA: clientCA ?? '',
    nodeName: options.nodeName,
    handlers: options.handlers,
    logsFolder: '/var/log',
  })
}

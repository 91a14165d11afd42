import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { Client } from '@kubets/shared/client/client.ts'
import { loadKubeconfig } from '@kubets/shared/client/config.ts'
import type { WorkQueue } from '@kubets/shared/client/workqueue.ts'
import { realClock as clock } from '@kubets/shared/process/clock.ts'
import { serveHealth } from '@kubets/shared/process/health.ts'
import { createLogger } from '@kubets/shared/process/logging.ts'
import { createRegistry, queueMetrics, reconcileMetrics } from '@kubets/shared/process/metrics.ts'
import { parseFlags } from '@kubets/shared/process/options.ts'
import { runMain } from '@kubets/shared/process/signals.ts'
import { ControllerHealth } from './controller-health.ts'
import { controllers } from './controllers.ts'
import { autoscalingMetrics } from './horizontal-pod-autoscaler/metrics.ts'
import { batchMetrics } from './job/metrics.ts'
import { leadOnce } from './lead.ts'
import { runControllers } from './manager.ts'
import { flags, readOptions } from './options.ts'
import { selectControllers } from './selection.ts'

const program = 'kube-controller-manager'

await runMain(program, async (signal) => {
  const values = parseFlags(program, flags, process.argv.slice(2))
  const options = readOptions(values)
  const log = createLogger(program)
  const registry = createRegistry()
  const metrics = reconcileMetrics(registry)
  const ofAutoscaling = autoscalingMetrics(registry)
  const ofBatch = batchMetrics(registry)
  const queues: WorkQueue[] = []
  const queueObserver = queueMetrics(registry, () => queues)
  const health = new ControllerHealth()
  const client = new Client({ ...loadKubeconfig(values.kubeconfig), userAgent: `${program}/v1.36.0` }, { clock })
  const names = selectControllers(
    values.controllers,
    controllers.map(({ name }) => name),
  )
  const selected = controllers.filter(({ name }) => names.has(name))

  const stopServing = new AbortController()
  await serveHealth(
    {
      host: values['bind-address'],
      port: values['secure-port'],
      log,
      checks: { ping: () => undefined, ...health.checks(selected.map(({ name }) => name)) },
      metrics: () => registry.metrics(),
    },
    stopServing.signal,
  )
  const work = (leading: AbortSignal): Promise<void> =>
    runControllers(
      {
        client,
        clock,
        log,
        metrics,
        autoscalingMetrics: ofAutoscaling,
        batchMetrics: ofBatch,
        registry,
        options,
        queues,
        queueObserver,
        health,
        controllers: selected,
      },
      leading,
    )
  try {
    if (!values['leader-elect']) return await work(signal)
    const election = {
      client,
      clock,
      log,
      name: program,
      namespace: 'kube-system',
      identity: `${hostname()}_${randomUUID()}`,
      leaseDurationMs: values['leader-elect-lease-duration'],
      renewDeadlineMs: values['leader-elect-renew-deadline'],
      retryPeriodMs: values['leader-elect-retry-period'],
    }
    while (!signal.aborted) await leadOnce(election, work, signal)
  } finally {
    stopServing.abort()
    await client.close()
  }
})

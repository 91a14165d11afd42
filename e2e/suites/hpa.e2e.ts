import { Client } from '@kubets/shared/client/client.ts'
import { loadKubeconfig } from '@kubets/shared/client/config.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { startMetricsApi, type MetricsApi } from '@kubets/shared/testing/metrics-api.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { until } from '../harness/until.ts'
import { webDeployment } from '../harness/web.ts'

interface Autoscaler {
  readonly status?: {
    readonly currentReplicas?: number
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[]
  }
}

// The controller looks at an autoscaler every 15 seconds, and three Pods must come up in between.
const limitMs = 240_000

describe('kubectl autoscale', () => {
  let ns: Namespace
  let client: Client
  let metrics: MetricsApi
  beforeAll(async () => {
    ns = await makeNamespace('hpa')
    client = new Client({ ...loadKubeconfig(process.env.KUBECONFIG ?? ''), userAgent: 'e2e' }, { clock: realClock })
    metrics = await startMetricsApi(client, ns.name)
  })
  afterAll(async () => {
    await metrics?.stop()
    await client?.close()
    await removeNamespace(ns)
  })

  const get = async (name: string): Promise<Autoscaler> =>
    JSON.parse(await ns.kubectl(['get', 'hpa', name, '-o', 'json'])) as Autoscaler
  const replicas = async (name: string): Promise<string> =>
    ns.kubectl(['get', 'deployment', name, '-o', 'jsonpath={.spec.replicas}'])
  const awaitReplicas = (name: string, count: number): Promise<true> =>
    until(
      `${name} to have ${String(count)} replicas`,
      async () => ((await replicas(name)) === String(count) ? true : undefined),
      limitMs,
    )

  it('scales a Deployment up with its load, and down without it', async () => {
    metrics.use(ns.name, { cpu: '20m' })
    await ns.apply(webDeployment('web', { replicas: 1 }))
    await ns.kubectl(['rollout', 'status', 'deployment/web', '--timeout=120s'], { timeoutMs: 130_000 })
    await ns.kubectl(['autoscale', 'deployment', 'web', '--min=1', '--max=3', '--cpu-percent=80'])
    await awaitReplicas('web', 3)
    await ns.kubectl(['rollout', 'status', 'deployment/web', '--timeout=120s'], { timeoutMs: 130_000 })

    const behaving = { spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } } }
    await ns.kubectl(['patch', 'hpa', 'web', '--type=merge', '-p', JSON.stringify(behaving)])
    metrics.use(ns.name, { cpu: '1m' })
    await awaitReplicas('web', 1)
    await until('the autoscaler to say so', async () =>
      (await get('web')).status?.currentReplicas === 1 ? true : undefined,
    )
    const shown = await ns.kubectl(['get', 'hpa', 'web'])
    expect(shown).toMatch(/web\s+Deployment\/web\s+cpu: 10%\/80%\s+1\s+3\s+1/)
    const described = await ns.kubectl(['describe', 'hpa', 'web'])
    expect(described).toMatch(/ScalingActive\s+True\s+ValidMetricFound/)
    expect(described).toContain('New size: 3; reason: cpu resource utilization (percentage of request) above target')
    expect(described).toContain('New size: 1; reason: All metrics below target')
  }, 600_000)

  it('says what it cannot find', async () => {
    await ns.apply({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'lost' },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'lost' }, maxReplicas: 2 },
    })
    const condition = await until('the autoscaler to have a condition', async () =>
      (await get('lost')).status?.conditions?.find(({ type }) => type === 'AbleToScale'),
    )
    expect(condition).toMatchObject({ status: 'False', reason: 'FailedGetScale' })
    const described = await until('its event', async () => {
      const text = await ns.kubectl(['describe', 'hpa', 'lost'])
      return text.includes('Warning') ? text : undefined
    })
    expect(described).toContain('deployments.apps "lost" not found')
  })
})

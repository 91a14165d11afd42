import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubectl } from '../harness/kubectl.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { isReady, podUntil, shell, startPod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

interface Summary {
  node: { nodeName: string; cpu: { usageNanoCores?: number }; memory: { workingSetBytes: number } }
  pods: {
    podRef: { name: string; namespace: string }
    containers: { name: string; cpu: { usageCoreNanoSeconds: number }; memory: { workingSetBytes: number } }[]
    network?: { interfaces: { name: string }[] }
  }[]
}

/** What the node agent tells of its node, as kubectl's proxy brings it. */
describe.concurrent("the node's statistics", () => {
  let ns: Namespace
  let node: string
  const ask = (path: string): Promise<string> => kubectl(['get', '--raw', `/api/v1/nodes/${node}/proxy/${path}`])
  beforeAll(async () => {
    ns = await makeNamespace('node-stats')
    await startPod(ns, 'measured', {
      containers: [
        {
          name: 'main',
          ...shell('while true; do sleep 1; done'),
          readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 },
        },
      ],
    })
    node = (await podUntil(ns, 'measured', 'to be ready', isReady)).spec.nodeName ?? ''
  })
  afterAll(() => removeNamespace(ns))

  it('are in the summary', async () => {
    const found = await until('the Pod to be in the summary', async () => {
      const summary = JSON.parse(await ask('stats/summary')) as Summary
      const pod = summary.pods.find(({ podRef }) => podRef.name === 'measured' && podRef.namespace === ns.name)
      return pod && summary.node.cpu.usageNanoCores !== undefined ? { summary, pod } : undefined
    })
    expect(found.summary.node.nodeName).toBe(node)
    expect(found.summary.node.memory.workingSetBytes).toBeGreaterThan(0)
    expect(found.pod.containers.map(({ name }) => name)).toEqual(['main'])
    expect(found.pod.containers[0]?.cpu.usageCoreNanoSeconds).toBeGreaterThan(0)
    expect(found.pod.network?.interfaces.map(({ name }) => name)).toEqual(['eth0'])
  })

  it.each([
    [
      'metrics/resource',
      (of: string) => `container_cpu_usage_seconds_total{container="main",namespace="${of}",pod="measured"}`,
    ],
    ['metrics/cadvisor', (of: string) => `,namespace="${of}",pod="measured"}`],
    [
      'metrics/probes',
      (of: string) =>
        `prober_probe_total{probe_type="Readiness",container="main",pod="measured",namespace="${of}",result="successful"`,
    ],
  ])('are in %s', async (path, part) => {
    expect(await ask(path)).toContain(part(ns.name))
  })

  // test/e2e/network/proxy.go "proxy logs on node", test/e2e_node/endpoints_test.go
  it.each([
    ['healthz', 'ok'],
    ['pods', '"kind":"PodList"'],
    ['runningpods', '"kind":"PodList"'],
    ['configz', '"kubeletconfig":{'],
    ['metrics', 'kubelet_running_pods '],
    ['logs/', '<pre>'],
  ])('are shown beside %s', async (path, part) => {
    expect(await ask(path)).toContain(part)
  })
})

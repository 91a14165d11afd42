import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchText } from '../harness/http.ts'
import { run } from '../harness/kubectl.ts'
import { makeNamespace, removeNamespace, type Namespace, nodes } from '../harness/namespace.ts'
import { until } from '../harness/until.ts'
import { constantRequests, differentAnswers, runWeb, type Service } from '../harness/web.ts'

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
  readonly spec: { readonly containers: { readonly image: string }[] }
  readonly status: {
    readonly phase: string
    readonly podIP: string
    readonly containerStatuses: {
      readonly containerID: string
      readonly ready: boolean
      readonly restartCount: number
      readonly state: Record<string, { readonly reason?: string; readonly message?: string }>
    }[]
  }
}

/** The flow that a person tries first: a Deployment behind a Service, from declaring it to scaling it to nothing. */
describe('a web server as a Deployment behind a Service', () => {
  let ns: Namespace
  let service: Service
  const pods = async (): Promise<Pod[]> => await ns.list<Pod>('pods', 'app=web')
  const clusterURL = (): string => `http://${service.spec.clusterIP}/`

  beforeAll(async () => {
    ns = await makeNamespace('web')
    service = await runWeb(ns, 'web', 3)
  })
  afterAll(() => removeNamespace(ns))

  it('answers on its cluster IP and node port from the host, spread over all Pods', async () => {
    const names = (await pods()).map((pod) => `1 ${pod.metadata.name}`).toSorted()
    expect([...(await differentAnswers(clusterURL(), 3))].toSorted()).toEqual(names)
    const [node] = await nodes()
    const address = node?.status.addresses.find((one) => one.type === 'InternalIP')?.address ?? ''
    const nodePort = String(service.spec.ports[0]?.nodePort)
    expect([...(await differentAnswers(`http://${address}:${nodePort}/`, 3))].toSorted()).toEqual(names)
    expect([...(await differentAnswers(`http://127.0.0.1:${nodePort}/`, 3))].toSorted()).toEqual(names)
  })

  it('answers another Pod, on its cluster IP and node port', async () => {
    const nodePort = String(service.spec.ports[0]?.nodePort)
    const script = `wget -qO- ${clusterURL()} && wget -qO- http://$HOST_IP:${nodePort}/`
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'asker' },
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'asker',
            image: 'kubets/busybox:1',
            command: ['sh', '-c', script],
            env: [{ name: 'HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }],
          },
        ],
      },
    })
    await ns.kubectl(['wait', 'pod/asker', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=170s'], {
      timeoutMs: 180_000,
    })
    expect(await ns.kubectl(['logs', 'asker'])).toMatch(/^1 web-\S+\n1 web-\S+\n$/)
  })

  it('runs with the declared limits as settings of real containers', async () => {
    for (const pod of await pods()) {
      const id = pod.status.containerStatuses[0]?.containerID.replace('docker://', '') ?? ''
      const inspected = await run('docker', ['inspect', '--format', '{{json .HostConfig}}', id])
      const config = JSON.parse(inspected.stdout) as Record<string, number>
      expect(config.Memory).toBe(32 * 1024 * 1024)
      expect((config.CpuQuota ?? 0) / (config.CpuPeriod ?? 1)).toBe(0.25)
      expect(config.CpuShares).toBe(10)
    }
  })

  it('brings a container back that was killed behind its back, and counts the restart', async () => {
    const victim = (await pods())[0]
    const id = victim?.status.containerStatuses[0]?.containerID.replace('docker://', '') ?? ''
    expect((await run('docker', ['kill', id])).code).toBe(0)
    const after = await until('the container to be back', async () => {
      const pod = (await pods()).find((one) => one.metadata.uid === victim?.metadata.uid)
      const status = pod?.status.containerStatuses[0]
      return status?.restartCount === 1 && status.ready ? pod : undefined
    })
    expect(after.status.containerStatuses[0]?.containerID).not.toContain(id)
    expect(await ns.kubectl(['get', 'pods', '-l', 'app=web'])).toContain('1 (')
  })

  it('rolls out a new image under constant requests with none failing, and rolls back', async () => {
    const requests = constantRequests(clusterURL())
    await ns.kubectl(['set', 'image', 'deployment/web', 'web=kubets/web:2'])
    await ns.kubectl(['rollout', 'status', 'deployment/web', '--timeout=300s'], { timeoutMs: 310_000 })
    expect(
      (await pods()).filter((pod) => !pod.metadata.deletionTimestamp).map((pod) => pod.spec.containers[0]?.image),
    ).toEqual(Array<string>(3).fill('kubets/web:2'))
    await until('only the new version to answer', async () =>
      (await fetchText(clusterURL())).startsWith('2 ') ? true : undefined,
    )
    expect(await ns.kubectl(['rollout', 'history', 'deployment/web'])).toMatch(/^1\s.*\n2\s/m)
    await ns.kubectl(['rollout', 'undo', 'deployment/web'])
    await ns.kubectl(['rollout', 'status', 'deployment/web', '--timeout=300s'], { timeoutMs: 310_000 })
    const { answers, errors } = await requests.stop()
    expect(errors).toEqual([])
    expect(answers).toBeGreaterThan(100)
    await until('the old version to answer again', async () =>
      (await fetchText(clusterURL())).startsWith('1 ') ? true : undefined,
    )
    expect(await ns.kubectl(['rollout', 'history', 'deployment/web'])).toMatch(/^2\s.*\n3\s/m)
  })

  it('scales to 20 and to 0', async () => {
    await ns.kubectl(['scale', 'deployment/web', '--replicas=20'])
    await ns.kubectl(['rollout', 'status', 'deployment/web', '--timeout=300s'], { timeoutMs: 310_000 })
    const running = (await pods()).filter((pod) => !pod.metadata.deletionTimestamp)
    expect(running).toHaveLength(20)
    expect(new Set(running.map((pod) => pod.status.podIP)).size).toBe(20)
    await differentAnswers(clusterURL(), 20)
    await ns.kubectl(['scale', 'deployment/web', '--replicas=0'])
    await until('every Pod to be gone', async () => ((await pods()).length === 0 ? true : undefined))
    await until('the Service to refuse', async () => {
      const error = await fetchText(clusterURL()).catch((reason: NodeJS.ErrnoException) => reason)
      return error instanceof Error && error.code === 'ECONNREFUSED' ? true : undefined
    })
  })
})

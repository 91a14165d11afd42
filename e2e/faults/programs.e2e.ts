import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchText } from '../harness/http.ts'
import { makeNamespace, removeNamespace, run, type Namespace } from '../harness/kubectl.ts'
import { allHealthy, freezeProgram, killProgram } from '../harness/programs.ts'
import { until } from '../harness/until.ts'
import { runWeb } from '../harness/web.ts'

interface Pods {
  readonly items: {
    readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
    readonly spec: { readonly containers: readonly { readonly image: string }[] }
  }[]
}

/** Each program in turn dies in the middle of a rollout: the cluster converges, and nothing runs twice. */
describe('a rollout during which a program dies', () => {
  let ns: Namespace
  let url: string
  let version = 1

  beforeAll(async () => {
    await allHealthy()
    ns = await makeNamespace('faults')
    const service = await runWeb(ns, 'web', 3)
    url = `http://${service.spec.clusterIP}/`
  })
  afterAll(() => removeNamespace(ns))

  /** Starts a rollout to the other version and waits until it is under way. */
  const beginRollout = async (): Promise<string> => {
    version = 3 - version
    const image = `kubets/web:${String(version)}`
    await ns.kubectl(['set', 'image', 'deployment/web', `web=${image}`])
    await until('the first new Pod', async () =>
      (await ns.get<Pods>(['pods'])).items.some((pod) => pod.spec.containers[0]?.image === image) ? true : undefined,
    )
    return image
  }

  /** Three Pods of the image, three containers and three sandboxes in Docker for them, and answers of that version alone. */
  const expectConverged = async (image: string): Promise<void> => {
    await until(
      'kubectl rollout status',
      async () =>
        (await ns.try(['rollout', 'status', 'deployment/web', '--timeout=60s'], { timeoutMs: 70_000 })).code === 0
          ? true
          : undefined,
      150_000,
    )
    const pods = await until(
      'exactly three Pods',
      async () => {
        const { items } = await ns.get<Pods>(['pods'])
        return items.length === 3 ? items : undefined
      },
      90_000,
    )
    expect(pods.map((pod) => pod.spec.containers[0]?.image)).toEqual([image, image, image])
    const uids = pods.map((pod) => pod.metadata.uid).toSorted()
    for (const type of ['container', 'podsandbox']) {
      await until(`exactly one ${type} a Pod`, async () => {
        const { stdout } = await run('docker', [
          'ps',
          '--filter',
          `label=io.kubernetes.pod.namespace=${ns.name}`,
          '--filter',
          `label=io.kubernetes.docker.type=${type}`,
          '--format',
          '{{.Label "io.kubernetes.pod.uid"}}',
        ])
        return JSON.stringify(stdout.trim().split('\n').toSorted()) === JSON.stringify(uids) ? true : undefined
      })
    }
    await until('only the new version to answer', async () =>
      (await fetchText(url)).startsWith(`${image.slice(-1)} `) ? true : undefined,
    )
  }

  it.each(['apiserver', 'controller-manager', 'scheduler', 'kubelet', 'kube-proxy', 'etcd'])(
    'kill -9 of %s',
    async (name) => {
      const image = await beginRollout()
      await killProgram(name)
      await allHealthy()
      await expectConverged(image)
    },
  )

  it('etcd stopped for 20 s', async () => {
    const image = await beginRollout()
    const resume = await freezeProgram('etcd')
    try {
      const failed = await ns.try(['create', 'configmap', 'while-etcd-is-away', '--request-timeout=5s'])
      expect(failed.code).not.toBe(0)
      await sleep(15_000) // the length of the outage is what is tested, not something waited for
    } finally {
      resume()
    }
    await allHealthy()
    await expectConverged(image)
  })
})

import { expect } from 'vitest'
import { fetchText } from './http.ts'
import { run } from './kubectl.ts'
import { makeNamespace, removeNamespace, type Namespace } from './namespace.ts'
import { until } from './until.ts'
import { runWeb } from './web.ts'

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
  readonly spec: { readonly containers: readonly { readonly image: string }[] }
}

/** A web Deployment of three replicas that is rolled from one version to the other and back while things die. */
export class Rollout {
  readonly ns: Namespace
  readonly #url: string
  #version = 1

  private constructor(ns: Namespace, url: string) {
    this.ns = ns
    this.#url = url
  }

  static async start(prefix: string): Promise<Rollout> {
    const ns = await makeNamespace(prefix)
    const service = await runWeb(ns, 'web', 3)
    return new Rollout(ns, `http://${service.spec.clusterIP}/`)
  }

  stop(): Promise<void> {
    return removeNamespace(this.ns)
  }

  /** Starts a rollout to the other version and waits until it is under way. Answers with the new image. */
  async begin(): Promise<string> {
    this.#version = 3 - this.#version
    const image = `kubets/web:${String(this.#version)}`
    await this.ns.kubectl(['set', 'image', 'deployment/web', `web=${image}`])
    await until('the first new Pod', async () =>
      (await this.#pods()).some((pod) => pod.spec.containers[0]?.image === image) ? true : undefined,
    )
    return image
  }

  /** Three Pods of the image, three containers and three sandboxes in Docker for them, and answers of that version alone. */
  async expectConverged(image: string): Promise<void> {
    await until(
      'kubectl rollout status',
      async () => {
        const args = ['rollout', 'status', 'deployment/web', '--timeout=60s']
        return (await this.ns.try(args, { timeoutMs: 70_000 })).code === 0 ? true : undefined
      },
      300_000,
    )
    const pods = await until(
      'exactly three Pods',
      async () => {
        const all = await this.#pods()
        return all.length === 3 ? all : undefined
      },
      180_000,
    )
    expect(pods.map((pod) => pod.spec.containers[0]?.image)).toEqual([image, image, image])
    const uids = JSON.stringify(pods.map((pod) => pod.metadata.uid).toSorted())
    for (const type of ['container', 'podsandbox']) {
      await until(`exactly one ${type} a Pod`, async () =>
        JSON.stringify(await this.#podsInDocker(type)) === uids ? true : undefined,
      )
    }
    const version = `${image.slice(-1)} `
    await until('only the new version to answer', async () =>
      (await fetchText(this.#url)).startsWith(version) ? true : undefined,
    )
  }

  #pods(): Promise<Pod[]> {
    return this.ns.list('pods')
  }

  /** The Pod UIDs of the namespace's running containers (or sandboxes), sorted: one for each container. */
  async #podsInDocker(type: string): Promise<string[]> {
    const { stdout } = await run('docker', [
      'ps',
      ...['--filter', `label=io.kubernetes.pod.namespace=${this.ns.name}`],
      ...['--filter', `label=io.kubernetes.docker.type=${type}`],
      ...['--format', '{{.Label "io.kubernetes.pod.uid"}}'],
    ])
    return stdout.trim().split('\n').toSorted()
  }
}

import { fetchText } from './http.ts'
import type { Namespace } from './namespace.ts'
import { until } from './until.ts'

/** The tour's web server as a Deployment: limits, a readiness probe, and time for its endpoints to go before it does. */
export function webDeployment(name: string, options: { replicas: number; version?: string }): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: { app: name } },
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 15,
          containers: [
            {
              name: 'web',
              image: `kubets/web:${options.version ?? '1'}`,
              ports: [{ name: 'http', containerPort: 8080 }],
              resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '250m', memory: '32Mi' } },
              readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
              lifecycle: { preStop: { sleep: { seconds: 5 } } },
            },
          ],
        },
      },
    },
  }
}

export interface Service {
  readonly spec: { readonly clusterIP: string; readonly ports: { readonly port: number; readonly nodePort?: number }[] }
}

/** Applies the web Deployment and a NodePort Service for it, and waits until all replicas are available. */
export async function runWeb(ns: Namespace, name: string, replicas: number): Promise<Service> {
  await ns.apply(webDeployment(name, { replicas }))
  await ns.kubectl(['expose', 'deployment', name, '--port=80', '--target-port=8080', '--type=NodePort'])
  await ns.kubectl(['rollout', 'status', `deployment/${name}`, '--timeout=300s'], { timeoutMs: 310_000 })
  return ns.get<Service>('services', name)
}

/** Different answers of a URL, asked until `count` were seen. */
export async function differentAnswers(url: string, count: number): Promise<Set<string>> {
  const seen = new Set<string>()
  return until(`${String(count)} different answers from ${url}`, async () => {
    for (let i = 0; i < 10; i++) seen.add((await fetchText(url)).trim())
    return seen.size >= count ? seen : undefined
  })
}

/** Asks a URL over and over until stopped; counts answers and keeps the errors. */
export function constantRequests(url: string): { stop(): Promise<{ answers: number; errors: string[] }> } {
  let stopped = false
  const result = { answers: 0, errors: [] as string[] }
  const loop = async (): Promise<void> => {
    while (!stopped) {
      await fetchText(url).then(
        () => result.answers++,
        (error: Error) => result.errors.push(error.message),
      )
    }
  }
  const running = Promise.all([loop(), loop()])
  return {
    stop: async () => {
      stopped = true
      await running
      return result
    },
  }
}

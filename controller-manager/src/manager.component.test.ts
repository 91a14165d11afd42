import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  configMaps,
  deployments,
  endpoints,
  endpointSlices,
  namespaces,
  nodes,
  pods,
  replicaSets,
  serviceAccounts,
  services,
} from '@kubets/shared/api/resources.gen.ts'
import type { Deployment } from '@kubets/shared/api/types/apps-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { ResourceRef } from '@kubets/shared/machinery/object.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'

type ApiServer = Awaited<ReturnType<typeof startApiServer>>

let apiserver: ApiServer
let kubeconfig: string
let manager: ChildProcess

const startManager = (): void => {
  const program = join(import.meta.dirname, 'main.ts')
  // Without an election, so that a killed manager's successor need not wait for the lease to run out.
  const args = [program, `--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0']
  manager = spawn(process.execPath, args, { stdio: 'ignore' })
}

const killManager = async (): Promise<void> => {
  const exit = once(manager, 'exit')
  manager.kill('SIGKILL')
  await exit
}

const makeNamespace = async (name: string): Promise<void> => {
  await apiserver.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} })
  const exists = (): Promise<boolean> =>
    apiserver.client.get(serviceAccounts, 'default', { namespace: name }).then(
      () => true,
      () => false,
    )
  await waitFor(exists)
}

const deployment = (replicas: number, image = 'one'): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
  },
})

const podsIn = async (namespace: string): Promise<Pod[]> => (await apiserver.client.list(pods, { namespace })).items

/** Makes the namespace's Pods run and be ready, as a kubelet would, until the test ends. */
const playKubelet = (namespace: string): (() => Promise<void>) => {
  let playing = true
  let address = 1
  const play = async (): Promise<void> => {
    while (playing) {
      for (const pod of await podsIn(namespace)) {
        if (pod.status?.podIP) continue
        const podIP = `10.9.0.${address++}`
        const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }]
        const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions }
        const options = { type: 'strategic', namespace, subresource: 'status' } as const
        await apiserver.client.patch(pods, pod.metadata.name ?? '', { status }, options).catch((error: unknown) => {
          if (!isNotFound(error)) throw error
        })
      }
    }
  }
  const played = play()
  return () => {
    playing = false
    return played
  }
}

beforeAll(async () => {
  apiserver = await startApiServer()
  kubeconfig = await apiserver.kubeconfig('system:kube-controller-manager')
  startManager()
})

afterAll(async () => {
  await killManager()
  await apiserver.stop()
})

describe('the manager on a real apiserver', () => {
  it('makes exactly the wanted Pods, though it is killed while it does', async () => {
    await makeNamespace('kill')
    await apiserver.client.create(deployments, deployment(40), { namespace: 'kill' })
    await waitFor(async () => (await podsIn('kill')).length >= 5)
    await killManager()
    startManager()
    const settled = async (): Promise<boolean> => {
      const { status } = await apiserver.client.get(deployments, 'web', { namespace: 'kill' })
      return status?.replicas === 40 && status.observedGeneration === 1
    }
    await waitFor(settled)
    expect((await podsIn('kill')).length).toBe(40)
    expect((await apiserver.client.list(replicaSets, { namespace: 'kill' })).items.length).toBe(1)
  })

  it('rolls out, serves and rolls back', async () => {
    await makeNamespace('roll')
    const stop = playKubelet('roll')
    await apiserver.client.create(
      services,
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
      },
      { namespace: 'roll' },
    )
    await apiserver.client.create(deployments, deployment(3), { namespace: 'roll' })
    const runs = (image: string, revision: string) => async (): Promise<boolean> => {
      const { metadata, status } = await apiserver.client.get(deployments, 'web', { namespace: 'roll' })
      const all = await podsIn('roll')
      return (
        status?.availableReplicas === 3 &&
        status.updatedReplicas === 3 &&
        metadata.annotations?.['deployment.kubernetes.io/revision'] === revision &&
        all.length === 3 &&
        all.every(({ spec }) => spec.containers[0]?.image === image)
      )
    }
    await waitFor(runs('one', '1'))
    const setImage = (image: string): Promise<Deployment> => {
      const patch = { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } }
      return apiserver.client.patch(deployments, 'web', patch, { type: 'strategic', namespace: 'roll' })
    }
    await setImage('two')
    await waitFor(runs('two', '2'))
    await setImage('one')
    await waitFor(runs('one', '3'))
    const names = (await podsIn('roll')).map(({ metadata }) => metadata.name).sort()
    const served = async (): Promise<boolean> => {
      const { items } = await apiserver.client.list(endpointSlices, { namespace: 'roll' })
      const inSlices = items.flatMap((slice) => (slice.endpoints ?? []).map(({ targetRef }) => targetRef?.name)).sort()
      const { subsets = [] } = await apiserver.client.get(endpoints, 'web', { namespace: 'roll' })
      const inEndpoints = subsets
        .flatMap(({ addresses = [] }) => addresses.map(({ targetRef }) => targetRef?.name))
        .sort()
      return inSlices.join() === names.join() && inEndpoints.join() === names.join()
    }
    await waitFor(served)
    await stop()
  })

  it('deletes what a Deployment owned, or leaves it, as asked', async () => {
    for (const propagationPolicy of ['Background', 'Foreground', 'Orphan'] as const) {
      const namespace = propagationPolicy.toLowerCase()
      await makeNamespace(namespace)
      await apiserver.client.create(deployments, deployment(2), { namespace })
      await waitFor(async () => (await podsIn(namespace)).length === 2)
      await apiserver.client.delete(deployments, 'web', { namespace, propagationPolicy })
      const deploymentsLeft = async (): Promise<number> =>
        (await apiserver.client.list(deployments, { namespace })).items.length
      await waitFor(async () => (await deploymentsLeft()) === 0)
      if (propagationPolicy === 'Orphan') {
        const [set] = (await apiserver.client.list(replicaSets, { namespace })).items
        expect(set?.metadata.ownerReferences ?? []).toEqual([])
        expect((await podsIn(namespace)).length).toBe(2)
      } else {
        await waitFor(async () => (await podsIn(namespace)).length === 0)
      }
    }
  })

  it('empties a namespace before it goes', async () => {
    await makeNamespace('going')
    await apiserver.client.create(deployments, deployment(3), { namespace: 'going' })
    await apiserver.client.create(
      configMaps,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b' } },
      { namespace: 'going' },
    )
    await waitFor(async () => (await podsIn('going')).length === 3)
    await apiserver.client.delete(namespaces, 'going')
    const gone = (): Promise<boolean> => apiserver.client.get(namespaces, 'going').then(() => false, isNotFound)
    await waitFor(gone)
    const kinds: ResourceRef[] = [pods, configMaps, deployments, replicaSets, serviceAccounts]
    for (const ref of kinds) expect((await apiserver.client.list(ref, { namespace: 'going' })).items).toEqual([])
  })

  it('gives nodes ranges that do not overlap', async () => {
    const names = ['n1', 'n2', 'n3']
    await Promise.all(
      names.map((name) =>
        apiserver.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} }),
      ),
    )
    const ranges = async (): Promise<string[]> =>
      (await apiserver.client.list(nodes)).items.flatMap(({ spec }) => spec.podCIDRs ?? []).sort()
    await waitFor(async () => (await ranges()).length === 3)
    expect(await ranges()).toEqual(['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24'])
  })
})

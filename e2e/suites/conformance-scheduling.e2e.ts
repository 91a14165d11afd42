import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiObject } from '../harness/api.ts'
import { makeNamespace, nodes, removeNamespace, type Namespace, type Node } from '../harness/namespace.ts'
import { getPod, isReady, podUntil, shell, startPod, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

const classes = '/apis/scheduling.k8s.io/v1/priorityclasses'
const merge = { 'content-type': 'application/merge-patch+json' }

/** Which node a Pod gets, and who must go for it. All on one node that other suites use too: what is scarce is made up. */
describe.concurrent('the scheduler', () => {
  let ns: Namespace
  let api: Api
  let node: Node
  const levels = ['low', 'medium', 'high', 'highest'] as const
  const className = (level: string): string => `${ns.name}-${level}`
  const resources: string[] = []
  beforeAll(async () => {
    ns = await makeNamespace('scheduling')
    api = await connect()
    const [first] = await nodes()
    if (!first) throw new Error('there is no node')
    node = first
    for (const [i, level] of levels.entries()) {
      await api.call('POST', classes, { metadata: { name: className(level) }, value: 10 ** i })
    }
  })
  afterAll(async () => {
    await removeNamespace(ns)
    for (const level of levels) await api.send('DELETE', `${classes}/${className(level)}`)
    const capacity = Object.fromEntries(resources.map((name) => [name, null]))
    await patchNode('/status', { status: { capacity } })
    await until('the kubelet to take back what is not there any more', async () => {
      const { allocatable = {} } = (await api.call<Node>('GET', `/api/v1/nodes/${node.metadata.name}`)).status
      return resources.some((name) => name in allocatable) ? undefined : true
    })
  })

  const patchNode = (subresource: string, body: object): Promise<ApiObject> =>
    api.call('PATCH', `/api/v1/nodes/${node.metadata.name}${subresource}`, body)
  /** Gives the node an extended resource of this case's own, and waits until its kubelet offers it. */
  const offer = async (amount: number): Promise<string> => {
    const name = `scheduling.k8s.io/${ns.name}-${String(resources.length)}`
    resources.push(name)
    await patchNode('/status', { status: { capacity: { [name]: String(amount) } } })
    await until(`the kubelet to offer ${name}`, async () => {
      const { allocatable = {} } = (await api.call<Node>('GET', `/api/v1/nodes/${node.metadata.name}`)).status
      return name in allocatable ? true : undefined
    })
    return name
  }
  const asking = (resource: string, amount: number, more: object = {}): object => ({
    containers: [
      {
        name: 'main',
        ...shell('trap "exit 0" TERM; sleep 3600 & wait'),
        resources: { requests: { [resource]: String(amount) }, limits: { [resource]: String(amount) } },
      },
    ],
    ...more,
  })
  const running = (name: string): Promise<Pod> =>
    podUntil(ns, name, 'to run', ({ status }) => status.phase === 'Running')
  const scheduledCondition = (pod: Pod) => pod.status.conditions.find(({ type }) => type === 'PodScheduled')
  /** Waits until the scheduler said that no node will do; answers with the reason. */
  const unscheduled = async (name: string): Promise<string> => {
    const pod = await podUntil(ns, name, 'to be refused', (one) => scheduledCondition(one)?.status === 'False')
    expect(pod.spec.nodeName).toBeUndefined()
    return scheduledCondition(pod)?.message ?? ''
  }
  const isLeaving = async (name: string): Promise<boolean> => {
    const { code, body } = await api.send<ApiObject>('GET', `/api/v1/namespaces/${ns.name}/pods/${name}`)
    return code === 404 || body.metadata.deletionTimestamp !== undefined
  }
  const pinned = (): object => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }] },
          ],
        },
      },
    },
  })

  it(`takes no more of a node than it has${covers('Scheduler, resource limits')}`, async () => {
    const resource = await offer(1000)
    await startPod(ns, 'filler', asking(resource, 700, pinned()))
    await running('filler')
    await startPod(ns, 'additional', asking(resource, 500))
    expect(await unscheduled('additional')).toContain(`Insufficient ${resource}`)
    await startPod(ns, 'huge', asking('cpu', 1000))
    expect(await unscheduled('huge')).toContain('Insufficient cpu')
    await startPod(ns, 'fits', asking(resource, 300))
    await running('fits')
    expect((await getPod(ns, 'additional')).spec.nodeName).toBeUndefined()
  })

  it(`finds a node by its label${covers('Scheduler, node selector matching')}`, async () => {
    const label = `kubernetes.io/e2e-${ns.name}`
    await patchNode('', { metadata: { labels: { [label]: '42' } } })
    try {
      await startPod(ns, 'with-labels', asking('cpu', 0, { nodeSelector: { [label]: '42' } }))
      const pod = await podUntil(ns, 'with-labels', 'to be started', ({ status }) => status.phase !== 'Pending')
      expect(pod.spec.nodeName).toBe(node.metadata.name)
    } finally {
      await patchNode('', { metadata: { labels: { [label]: null } } })
    }
  })

  it(`takes no node without the label${covers('Scheduler, node selector not matching')}`, async () => {
    await startPod(ns, 'restricted', asking('cpu', 0, { nodeSelector: { label: 'nonempty' } }))
    expect(await unscheduled('restricted')).toContain("node(s) didn't match Pod's node affinity/selector")
  })

  // Ports below those that the kernel gives to connections from here: one that lasts keeps its port from a Pod.
  const hostPort = (
    port: number,
    hostIP: string,
    container: object = { image: 'kubets/web:1' },
    more: object = {},
  ) => ({
    ...pinned(),
    containers: [{ name: 'main', ...container, ports: [{ containerPort: 8080, hostPort: port, hostIP, ...more }] }],
  })
  const nodeIP = (): string => node.status.addresses.find(({ type }) => type === 'InternalIP')?.address ?? ''
  /** The one small program there is that listens for datagrams; it answers none of ours. */
  const config = 'interface eth0\\nstart 10.1.1.1\\nend 10.1.1.2\\nlease_file /leases\\n'
  const listener = shell(`printf '${config}' > /c; : > /leases; exec busybox udhcpd -f /c`)

  it(`keeps a host port of every address for one Pod${covers('Scheduling, HostPort and Protocol match, HostIPs different but one is default HostIP (0.0.0.0)')}`, async () => {
    await startPod(ns, 'port-all', hostPort(24322, ''))
    await running('port-all')
    await startPod(ns, 'port-one', hostPort(24322, nodeIP()))
    expect(await unscheduled('port-one')).toContain("node(s) didn't have free ports for the requested pod ports")
  })

  it(`shares a host port between addresses and protocols, and each leads to its Pod${covers('Scheduling, HostPort matching and HostIP and Protocol not-matching')}`, async () => {
    await startPod(ns, 'port1', hostPort(24323, '127.0.0.1'))
    await startPod(ns, 'port2', hostPort(24323, nodeIP()))
    await startPod(ns, 'port3', hostPort(24323, nodeIP(), listener, { containerPort: 67, protocol: 'UDP' }))
    for (const name of ['port1', 'port2', 'port3']) await podUntil(ns, name, 'to be ready', isReady)
    await startPod(ns, 'host-exec', { hostNetwork: true, ...asking('cpu', 0) })
    await running('host-exec')
    const inHost = (script: string): Promise<string> => ns.kubectl(['exec', 'host-exec', '--', 'sh', '-c', script])
    const web = (address: string): Promise<string> =>
      until(`an answer of ${address}`, async () => (await inHost(`wget -q -O - http://${address}:24323/`)).trim())
    expect(await web('127.0.0.1')).toBe('1 port1')
    expect(await web(nodeIP())).toBe('1 port2')
    // a datagram that nobody listens for is refused
    const isRefused = async (port: number): Promise<boolean> =>
      (await inHost(`timeout 4 nslookup -type=a -port=${String(port)} x ${nodeIP()} 2>&1; true`)).includes('refused')
    await until('port3 to take datagrams', async () => ((await isRefused(24323)) ? undefined : true))
    await until('another port to refuse them', async () => ((await isRefused(24324)) ? true : undefined))
  })

  it(`makes a less important Pod go${covers('Scheduler, Basic Preemption')}`, async () => {
    const resource = await offer(5)
    await startPod(ns, 'basic-low', asking(resource, 2, { ...pinned(), priorityClassName: className('low') }))
    await startPod(ns, 'basic-medium', asking(resource, 2, { ...pinned(), priorityClassName: className('medium') }))
    for (const name of ['basic-low', 'basic-medium']) await running(name)
    await startPod(ns, 'basic-preemptor', asking(resource, 2, { priorityClassName: className('high') }))
    await running('basic-preemptor')
    expect([await isLeaving('basic-low'), await isLeaving('basic-medium')]).toEqual([true, false])
  })

  it(`makes a less important Pod go for a critical one${covers('Scheduler, Preemption for critical pod')}`, async () => {
    const resource = await offer(5)
    const name = `critical-${ns.name}`
    const path = `/api/v1/namespaces/kube-system/pods`
    await startPod(ns, 'critical-low', asking(resource, 2, { ...pinned(), priorityClassName: className('low') }))
    await startPod(ns, 'critical-medium', asking(resource, 2, { ...pinned(), priorityClassName: className('medium') }))
    for (const one of ['critical-low', 'critical-medium']) await running(one)
    try {
      const spec = asking(resource, 2, {
        priorityClassName: 'system-cluster-critical',
        terminationGracePeriodSeconds: 1,
      })
      await api.call('POST', path, { metadata: { name }, spec })
      await until('the critical Pod to run', async () =>
        (await api.call<Pod>('GET', `${path}/${name}`)).status.phase === 'Running' ? true : undefined,
      )
      expect([await isLeaving('critical-low'), await isLeaving('critical-medium')]).toEqual([true, false])
    } finally {
      await api.send('DELETE', `${path}/${name}`, { gracePeriodSeconds: 0 })
    }
  })

  it(`tells a Pod why it must go${covers('Verify the DisruptionTarget condition is added to the preempted pod')}`, async () => {
    const resource = await offer(1)
    const path = `/api/v1/namespaces/${ns.name}/pods/victim-pod`
    const spec = asking(resource, 1, {
      ...pinned(),
      priorityClassName: className('low'),
      terminationGracePeriodSeconds: 1,
    })
    const metadata = { name: 'victim-pod', finalizers: ['example.com/test-finalizer'] }
    await api.call('POST', `/api/v1/namespaces/${ns.name}/pods`, { metadata, spec })
    const watch = api.watch(`/api/v1/namespaces/${ns.name}/pods?watch=true&labelSelector=pod%3Dvictim-preemptor`)
    try {
      await running('victim-pod')
      await startPod(ns, 'victim-preemptor', asking(resource, 1, { ...pinned(), priorityClassName: className('high') }))
      const victim = await podUntil(
        ns,
        'victim-pod',
        'to be leaving',
        (pod) => pod.metadata.deletionTimestamp !== undefined,
      )
      expect(victim.status.conditions.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
        status: 'True',
        reason: 'PreemptionByScheduler',
        message: 'default-scheduler: preempting to accommodate a higher priority pod',
      })
      // the promise is over as soon as the victim's containers are
      const preemptor = await until('a place to be promised', async () =>
        watch.events
          .map(({ object }) => object)
          .find(({ status }) => (status as { nominatedNodeName?: string } | undefined)?.nominatedNodeName),
      )
      await until('the event', async () => {
        const events = await ns.kubectl(['get', 'events', '-o', 'jsonpath={.items[*].message}'])
        const wanted = `Preempted by pod ${preemptor.metadata.uid} on node ${node.metadata.name}`
        return events.includes(wanted) ? true : undefined
      })
    } finally {
      watch.stop()
      await api.send('PATCH', path, { metadata: { finalizers: null } }, merge)
    }
    await running('victim-preemptor')
  })

  it(`makes just enough Pods of ReplicaSets go${covers('Pod preemption verification')}`, async () => {
    const resource = await offer(1000)
    const root = `/apis/apps/v1/namespaces/${ns.name}/replicasets`
    const nodeSelector = { 'kubernetes.io/hostname': node.metadata.name }
    const watch = api.watch(`/api/v1/namespaces/${ns.name}/pods?watch=true&labelSelector=path`)
    const seen = (name: string): number =>
      watch.events.filter(({ type, object }) => type === 'ADDED' && object.metadata.labels?.['path'] === name).length
    try {
      for (const [name, level, amount] of [
        ['pod1', 'low', 200],
        ['pod2', 'medium', 300],
        ['pod3', 'high', 450],
      ] as const) {
        const labels = { path: name }
        const spec = asking(resource, amount, {
          nodeSelector,
          priorityClassName: className(level),
          terminationGracePeriodSeconds: 1,
        })
        await api.call('POST', root, {
          metadata: { name: `rs-${name}` },
          spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
        })
        await until(`rs-${name} to be available`, async () => {
          const { status } = await api.call<ApiObject>('GET', `${root}/rs-${name}`)
          return (status as { availableReplicas?: number }).availableReplicas === 1 ? true : undefined
        })
      }
      await startPod(ns, 'pod4', asking(resource, 500, { nodeSelector, priorityClassName: className('highest') }))
      await podUntil(ns, 'pod4', 'to get its node', ({ spec }) => Boolean(spec.nodeName))
      await until('the other ReplicaSets to have replaced their Pods', async () =>
        seen('pod1') >= 2 && seen('pod2') >= 2 ? true : undefined,
      )
      // those have been looked at, and make nobody go: that is all that happens
      await until('the new Pods to be refused', async () => {
        const all = await ns.list<Pod>('pods', 'path in (pod1, pod2)')
        const left = all.filter(({ metadata }) => !metadata.deletionTimestamp)
        return left.length === 2 && left.every((pod) => scheduledCondition(pod)?.status === 'False') ? true : undefined
      })
      await running('pod4')
      expect(['pod1', 'pod2', 'pod3'].map(seen)).toEqual([2, 2, 1])
    } finally {
      watch.stop()
    }
  })
})

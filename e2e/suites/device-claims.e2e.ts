import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDraDriver, type TestDraDriver } from '../../kubelet/src/dra/driver.testing.ts'
import { connect, type Api, type ApiObject } from '../harness/api.ts'
import { kubectl } from '../harness/kubectl.ts'
import { makeNamespace, nodes, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { getPod, isReady, podUntil, shell, startPod, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

const kubeletDir = join(process.env.KUBETS_STATE_DIR ?? '/var/lib/kubets', 'kubelet')
const group = '/apis/resource.k8s.io/v1'
const names = ['one', 'two'] as const

type Claim = ApiObject & {
  readonly status?: {
    readonly allocation?: { readonly devices: { readonly results: readonly object[] }; readonly nodeSelector: object }
    readonly reservedFor?: readonly object[]
  }
}
type Claiming = Pod & {
  readonly status: { readonly resourceClaimStatuses?: readonly { readonly resourceClaimName?: string }[] }
}

/** Before its claim is made a Pod cannot be scheduled, either: the message tells one from the other. */
const findsNone = ({ status }: Pod): boolean =>
  status.conditions.some(
    ({ type, reason, message = '' }) =>
      type === 'PodScheduled' && reason === 'Unschedulable' && message.includes('cannot allocate all claims'),
  )

/** Devices that a driver on the node offers, from the claim to the container that has them. */
describe('devices that Pods claim', () => {
  let api: Api
  let ns: Namespace
  let node: string
  let driver: TestDraDriver
  beforeAll(async () => {
    api = await connect()
    ns = await makeNamespace('dra')
    node = (await nodes())[0]?.metadata.name ?? ''
    driver = await startDraDriver(kubeletDir, `${ns.name}.e2e`)
    await until('the kubelet to take the driver', () =>
      Promise.resolve(driver.notified.some((told) => told.plugin_registered) || undefined),
    )
    await api.call('POST', `${group}/resourceslices`, {
      metadata: { name: ns.name },
      spec: {
        driver: driver.name,
        nodeName: node,
        pool: { name: 'pool', generation: 1, resourceSliceCount: 1 },
        devices: names.map((name) => ({ name, attributes: { kind: { string: name } } })),
      },
    })
    const ofDriver = { cel: { expression: `device.driver == "${driver.name}"` } }
    await api.call('POST', `${group}/deviceclasses`, { metadata: { name: ns.name }, spec: { selectors: [ofDriver] } })
    await api.call('POST', namespaced('resourceclaimtemplates'), { metadata: { name: 'pair' }, spec: { spec: pair() } })
  })
  afterAll(async () => {
    // the driver has to take back what the Pods still have
    await removeNamespace(ns)
    await api.send('DELETE', `${group}/deviceclasses/${ns.name}`)
    await api.send('DELETE', `${group}/resourceslices/${ns.name}`)
    await driver.stop()
  })

  const namespaced = (resource: string): string => `${group}/namespaces/${ns.name}/${resource}`
  /** Both devices, each under its name. */
  const pair = (): object => ({
    devices: {
      requests: names.map((name) => {
        const selector = { cel: { expression: `device.attributes["${driver.name}"].kind == "${name}"` } }
        return { name, exactly: { deviceClassName: ns.name, selectors: [selector] } }
      }),
    },
  })
  const results = (): object[] =>
    names.map(
      (device) => expect.objectContaining({ request: device, driver: driver.name, pool: 'pool', device }) as object,
    )
  const getClaim = (name: string): Promise<Claim> => api.call<Claim>('GET', `${namespaced('resourceclaims')}/${name}`)
  const claimGone = (name: string): Promise<true> =>
    until(`claim ${name} to be gone`, async () =>
      (await api.send('GET', `${namespaced('resourceclaims')}/${name}`)).code === 404 ? true : undefined,
    )
  /** The claim that was made for a Pod. */
  const claimOf = async (pod: string): Promise<string> =>
    ((await getPod(ns, pod)) as Claiming).status.resourceClaimStatuses?.[0]?.resourceClaimName ?? ''
  /** A Pod with a container that has one of the devices, one that has both, and one that has none. */
  const start = (pod: string, source: object): Promise<void> =>
    startPod(ns, pod, {
      resourceClaims: [{ name: 'mine', ...source }],
      containers: [
        { name: 'first', resources: { claims: [{ name: 'mine', request: 'one' }] } },
        { name: 'both', resources: { claims: [{ name: 'mine' }] } },
        { name: 'none' },
      ].map((container) => ({ ...container, ...shell('exec tail -f /dev/null') })),
    })
  const look = (pod: string, container: string, script: string): Promise<string> =>
    ns.kubectl(['exec', pod, '-c', container, '--', 'sh', '-c', script])
  const fromTemplate = { resourceClaimTemplateName: 'pair' }

  it('are allocated to the claim that is made of a template, and are in the containers that name them', async () => {
    await start('user', fromTemplate)
    const pod = await podUntil(ns, 'user', 'to be ready', isReady)
    const name = await claimOf('user')
    const claim = await getClaim(name)
    expect(claim.metadata).toMatchObject({
      annotations: { 'resource.kubernetes.io/pod-claim-name': 'mine' },
      ownerReferences: [{ kind: 'Pod', name: 'user', uid: pod.metadata.uid }],
      finalizers: ['resource.kubernetes.io/delete-protection'],
    })
    expect(claim.status?.reservedFor).toEqual([{ resource: 'pods', name: 'user', uid: pod.metadata.uid }])
    expect(claim.status?.allocation?.devices.results).toEqual(results())
    expect(JSON.stringify(claim.status?.allocation?.nodeSelector)).toContain(`"${node}"`)

    const script =
      'env | grep -E "^(DEVICE|ANY)" | sort; ls /claimed; cat /claimed/*/of; echo; ls /dev/one /dev/two 2>&1'
    const seen = async (container: string): Promise<string[]> =>
      (await look('user', container, `${script} || true`))
        .split('\n')
        .filter((line) => line.startsWith('/dev') || !line.includes(':'))
    expect(await seen('first')).toEqual(
      expect.arrayContaining(['ANY=yes', `DEVICE_one=${name}`, 'one', name, '/dev/one']),
    )
    expect(await seen('first')).not.toEqual(expect.arrayContaining([`DEVICE_two=${name}`]))
    expect(await seen('both')).toEqual(
      expect.arrayContaining([
        'ANY=yes',
        `DEVICE_one=${name}`,
        `DEVICE_two=${name}`,
        'one',
        'two',
        '/dev/one',
        '/dev/two',
      ]),
    )
    expect(await look('user', 'none', 'env | grep -c ^DEVICE || true')).toBe('0\n')
    expect(driver.asked('NodePrepareResources', name)).toBe(1)
  })

  it('are waited for by who finds them taken, and taken back when the Pod that has them goes', async () => {
    const before = await claimOf('user')
    await start('next', fromTemplate)
    await podUntil(ns, 'next', 'to find no devices', findsNone)
    await ns.kubectl(['delete', 'pod', 'user'])
    expect(driver.asked('NodeUnprepareResources', before)).toBe(1)
    await claimGone(before)
    await podUntil(ns, 'next', 'to be ready', isReady)
    const after = await claimOf('next')
    expect(await look('next', 'both', 'echo $DEVICE_one $DEVICE_two')).toBe(`${after} ${after}\n`)
    await ns.kubectl(['delete', 'pod', 'next'])
    expect(driver.asked('NodeUnprepareResources', after)).toBe(1)
    await claimGone(after)
  })

  it('are shared by the Pods that name a claim, and free after the last', async () => {
    await api.call('POST', namespaced('resourceclaims'), { metadata: { name: 'shared' }, spec: pair() })
    const pods = ['left', 'right']
    for (const pod of pods) await start(pod, { resourceClaimName: 'shared' })
    for (const pod of pods) {
      await podUntil(ns, pod, 'to be ready', isReady)
      expect(await look(pod, 'first', 'cat /claimed/one/of')).toBe('shared')
    }
    const reserved = (await getClaim('shared')).status?.reservedFor as readonly { readonly name: string }[]
    expect(reserved.map(({ name }) => name).sort()).toEqual(pods)
    expect(driver.asked('NodePrepareResources', 'shared')).toBe(1)
    await ns.kubectl(['delete', 'pod', 'left'])
    expect(driver.asked('NodeUnprepareResources', 'shared')).toBe(0)
    await ns.kubectl(['delete', 'pod', 'right'])
    expect(driver.asked('NodeUnprepareResources', 'shared')).toBe(1)
    await until('the claim to be free', async () => {
      const { status } = await getClaim('shared')
      return status?.allocation === undefined && (status?.reservedFor ?? []).length === 0 ? true : undefined
    })
  })

  it('make the Pods that use them go when they are tainted, and take no others meanwhile', async () => {
    const taint = (...taints: object[]): Promise<string> => {
      const devices = names.map((name) => ({ name, attributes: { kind: { string: name } }, taints }))
      const body = JSON.stringify({ spec: { devices } })
      return kubectl(['patch', 'resourceslices', ns.name, '--type=merge', `--patch=${body}`])
    }
    await start('leaving', fromTemplate)
    await podUntil(ns, 'leaving', 'to be ready', isReady)
    const name = await claimOf('leaving')
    await taint({ key: 'e2e.kubets/broken', effect: 'NoExecute' })
    await ns.kubectl(['wait', '--for=delete', 'pod/leaving', '--timeout=170s'])
    await claimGone(name)
    await start('staying', fromTemplate)
    await podUntil(ns, 'staying', 'to find no devices', findsNone)
    await taint()
    await podUntil(ns, 'staying', 'to be ready', isReady)
  })
})

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { events } from '@kubets/shared/api/resources.gen.ts'
import type { PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idOf, lookAt, runs, shell, statusOf } from '../pods/look.testing.ts'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'
import { allocate, createClaim, startDraDriver, type TestDraDriver } from './driver.testing.ts'

const sleep = shell('exec sleep 1000000')

/** A Pod with one claim, and containers that each get a request of it; '' for all, undefined for none. */
const claiming = (claim: string, requests: Record<string, string | undefined>): PodSpec => ({
  resourceClaims: [{ name: 'mine', resourceClaimName: claim }],
  containers: Object.entries(requests).map(([name, request]) => ({
    name,
    ...sleep,
    resources: request === undefined ? {} : { claims: [{ name: 'mine', ...(request === '' ? {} : { request }) }] },
  })),
})

describe('A node with a driver of devices that Pods claim', { timeout: caseMs }, () => {
  let node: TestNode
  let look: ReturnType<typeof lookAt>
  let driver: TestDraDriver
  const name = 'devices.example.com'

  beforeAll(async () => {
    node = await startTestNode({ cpu: '8', memory: '8Gi', pods: '40' })
    look = lookAt(node)
    driver = await startDraDriver(node.rootDir, name)
    await waitFor(() => driver.notified.length === 1)
  })
  afterAll(async () => {
    await node.stop()
    await driver.stop()
  })

  const claimed = async (claim: string, spec: PodSpec, pods: readonly string[] = [claim]) => {
    const made = await createClaim(node.client, claim)
    const created = []
    for (const pod of pods) created.push(await node.run(pod, spec))
    await allocate(node.client, made, name, created)
    return created
  }
  const environment = (id: string) => look.exec(id, 'env | grep -E "^(DEVICE|ANY)" | sort | tr "\\n" " "')
  const failure = (pod: string, text: string) => look.event(pod, 'FailedPrepareDynamicResources', text)
  const prefix = 'Failed to prepare dynamic resources: prepare dynamic resources: '
  const checkpoint = () => readFile(path.join(node.rootDir, 'dra_manager_state'), 'utf8')

  /** What the metrics say of the driver, without how long it took. */
  const counted = async (): Promise<string[]> =>
    (await node.registry.metrics())
      .split('\n')
      .filter((line) => /^dra_\w+(_count|_in_use)\{/.test(line))
      .sort()

  it('registers the driver', () => {
    expect(driver.notified).toEqual([{ plugin_registered: true, error: '' }])
  })

  it('gives containers what they name, and has it taken back once', async () => {
    await claimed('parts', claiming('parts', { one: 'one', two: 'two', all: '', none: undefined }))
    const pod = await node.until('parts', runs)
    const [one, two, all, none] = ['one', 'two', 'all', 'none'].map((of) => idOf(pod, of)) as [
      string,
      string,
      string,
      string,
    ]
    expect(await environment(one)).toBe('ANY=yes DEVICE_one=parts ')
    expect(await environment(two)).toBe('ANY=yes DEVICE_two=parts ')
    expect(await environment(all)).toBe('ANY=yes DEVICE_one=parts DEVICE_two=parts ')
    expect(await environment(none)).toBe('')
    expect(await look.exec(one, 'test -c /dev/one && echo hi > /dev/one && cat /claimed/one/of; ls /claimed')).toBe(
      'partsone\n',
    )
    expect(await look.exec(one, 'touch /claimed/one/new 2>&1 || true; ls /dev/two 2>&1 || true')).toMatch(
      /Read-only file system[^]*No such file/,
    )
    expect(await checkpoint()).toContain(`${name}/claim=`)
    expect(await counted()).toContain(`dra_resource_claims_in_use{driver_name="${name}"} 1`)
    await look.remove('parts')
    await look.gone('parts')
    const asked = (method: string): string =>
      `dra_grpc_operations_duration_seconds_count{driver_name="${name}",method_name="/k8s.io.kubelet.pkg.apis.dra.v1.DRAPlugin/${method}",grpc_status_code="OK"} 1`
    expect(await counted()).toEqual(
      [
        asked('NodePrepareResources'),
        asked('NodeUnprepareResources'),
        // the kubelet may have seen the Pod before its claim was allocated
        ...(await counted()).filter((line) => line.includes('PrepareResources",is_error="true"')),
        'dra_operations_duration_seconds_count{operation_name="PrepareResources",is_error="false"} 1',
        'dra_operations_duration_seconds_count{operation_name="UnprepareResources",is_error="false"} 1',
        'dra_resource_claims_in_use{driver_name="<any>"} 0',
      ].sort(),
    )
    expect(driver.calls.filter(({ claims }) => claims.includes('parts')).map(({ method }) => method)).toEqual([
      'NodePrepareResources',
      'NodeUnprepareResources',
    ])
    expect(await checkpoint()).not.toContain(`${name}/claim=`)
  })

  it('has a claim that two Pods share prepared once, and taken back after the last', async () => {
    await claimed('shared', claiming('shared', { main: '' }), ['first', 'second'])
    const [first, second] = [await node.until('first', runs), await node.until('second', runs)]
    expect(await environment(idOf(first))).toBe(await environment(idOf(second)))
    expect(driver.asked('NodePrepareResources', 'shared')).toBe(1)
    await look.remove('first')
    await look.gone('first')
    expect(driver.asked('NodeUnprepareResources', 'shared')).toBe(0)
    expect(await environment(idOf(second))).toContain('DEVICE_one=shared')
    await look.remove('second', { gracePeriodSeconds: 0 })
    await waitFor(() => driver.asked('NodeUnprepareResources', 'shared') === 1)
  })

  it('asks again when the driver errs, before and after', async () => {
    const failing = new Set(['NodePrepareResources', 'NodeUnprepareResources'])
    driver.before = ({ method, claims }) => {
      if (claims.includes('flaky') && failing.delete(method)) throw new Error(`no ${method}`)
    }
    await claimed('flaky', claiming('flaky', { main: '' }))
    expect(await failure('flaky', 'no NodePrepareResources')).toBe(
      `${prefix}NodePrepareResources failed for ResourceClaim flaky: no NodePrepareResources`,
    )
    const pod = await node.until('flaky', (one) => runs(one))
    expect(await environment(idOf(pod))).toContain('DEVICE_one=flaky')
    await look.remove('flaky')
    await look.gone('flaky')
    expect(driver.asked('NodeUnprepareResources', 'flaky')).toBe(2)
    driver.before = () => undefined
  })

  it('does not wait for a driver that hangs when the Pod has to go', async () => {
    driver.before = ({ method, claims }) =>
      method === 'NodePrepareResources' && claims.includes('hung') ? new Promise(() => undefined) : undefined
    await claimed('hung', claiming('hung', { main: '' }))
    await waitFor(() => driver.asked('NodePrepareResources', 'hung') === 1)
    await look.remove('hung')
    await look.gone('hung')
    expect(driver.asked('NodeUnprepareResources', 'hung')).toBe(1)
    const { items } = await node.client.list(events, { namespace: 'default' })
    const about = items.filter(
      (one) => one.involvedObject.name === 'hung' && one.reason === 'FailedPrepareDynamicResources',
    )
    // the kubelet may have seen the Pod before its claim was allocated
    expect(about.map(({ message }) => message).filter((one) => !/not allocated|not allowed/.test(one ?? ''))).toEqual(
      [],
    )
    driver.before = () => undefined
  })

  it('ends a Pod only when the driver has what it had', async () => {
    let free = false
    driver.before = ({ method, claims }) => {
      if (!free && method === 'NodeUnprepareResources' && claims.includes('short')) throw new Error('not yet')
    }
    const { containers, ...spec } = claiming('short', { main: '' })
    const short = containers.map((one) => ({ ...one, ...shell('test "$DEVICE_one" = short') }))
    await claimed('short', { ...spec, restartPolicy: 'Never', containers: short })
    await waitFor(() => driver.asked('NodeUnprepareResources', 'short') >= 2)
    expect((await node.get('short')).status?.phase).not.toBe('Succeeded')
    free = true
    await node.until('short', ({ status }) => status?.phase === 'Succeeded')
    driver.before = () => undefined
  })

  describe.concurrent('says why it does not start a Pod', () => {
    it('that has no claim, one that nobody allocated, or one that is not for it', async () => {
      const pod = await node.run('lacking', claiming('lacking', { main: '' }))
      expect(await failure('lacking', 'fetch')).toBe(
        `${prefix}fetch ResourceClaim lacking: resourceclaims.resource.k8s.io "lacking" not found`,
      )
      const claim = await createClaim(node.client, 'lacking')
      const { uid } = claim.metadata
      const forbidden = `pod lacking (${pod.metadata.uid ?? ''}) is not allowed to use ResourceClaim lacking (${uid ?? ''})`
      expect(await failure('lacking', 'not allowed')).toBe(prefix + forbidden)
      await allocate(node.client, claim, 'absent.example.com', [pod])
      expect(await failure('lacking', 'absent')).toBe(`${prefix}DRA driver absent.example.com is not registered`)
      expect(statusOf(await node.get('lacking'))?.state?.waiting?.reason).toBe('ContainerCreating')
      const late = await startDraDriver(node.rootDir, 'absent.example.com', 'v1beta1.DRAPlugin')
      await node.until('lacking', runs)
      await look.remove('lacking')
      await look.gone('lacking')
      expect(late.calls.map(({ method }) => method)).toEqual(['NodePrepareResources', 'NodeUnprepareResources'])
      await late.stop()
    })

    it('whose claim has not been made of its template', async () => {
      await node.run('unmade', {
        resourceClaims: [{ name: 'mine', resourceClaimTemplateName: 'template' }],
        containers: [{ name: 'main' }],
      })
      expect(await failure('unmade', 'not created')).toBe(
        `${prefix}pod "default/unmade": ResourceClaim not created yet`,
      )
      await look.remove('unmade')
      await look.gone('unmade')
    })
  })
})

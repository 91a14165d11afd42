import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeNamespace, nodes, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { until } from '../harness/until.ts'

/** What may be read with a node's credentials, while its own kubelet runs Pods with the same. */
describe('a node', () => {
  let ns: Namespace
  let node: string

  beforeAll(async () => {
    ns = await makeNamespace('rights')
    node = (await nodes())[0]?.metadata.name ?? ''
  })
  afterAll(() => removeNamespace(ns))

  /** As a kubelet of that name: what it is told. */
  const asks = async (name: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await ns.try([
      ...args,
      '--as',
      `system:node:${name}`,
      '--as-group',
      'system:nodes',
    ])
    return code === 0 ? stdout.trim() : stderr.trim()
  }
  const read = (name: string, what: string): Promise<string> => asks(name, 'get', what, '-o', 'name')
  const unrelated = (name: string): string => `no relationship found between node '${name}' and this object`

  it('reads what a Pod of its own shows and names in variables, as long as that is there', async () => {
    await ns.kubectl(['create', 'secret', 'generic', 'shown', '--from-literal=key=value'])
    await ns.kubectl(['create', 'configmap', 'named', '--from-literal=key=value'])
    await ns.kubectl(['create', 'secret', 'generic', 'unused', '--from-literal=key=value'])
    expect(await read(node, 'secret/shown')).toContain(unrelated(node))
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'user' },
      spec: {
        nodeName: node,
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: 'shown', secret: { secretName: 'shown' } }],
        containers: [
          {
            name: 'main',
            image: 'kubets/busybox:1',
            command: ['sleep', '100000'],
            envFrom: [{ configMapRef: { name: 'named' } }],
            volumeMounts: [{ name: 'shown', mountPath: '/shown' }],
          },
        ],
      },
    })
    await ns.kubectl(['wait', '--for=condition=Ready', 'pod/user', '--timeout=120s'], { timeoutMs: 130_000 })
    expect(await ns.kubectl(['exec', 'user', '--', 'sh', '-c', 'cat /shown/key; echo $key'])).toBe('valuevalue\n')
    expect(await read(node, 'secret/shown')).toBe('secret/shown')
    expect(await read(node, 'configmap/named')).toBe('configmap/named')
    expect(await read(node, 'secret/unused')).toContain(unrelated(node))
    expect(await read('nobody', 'secret/shown')).toContain(unrelated('nobody'))
    expect(await read(node, 'secrets')).toContain('No Object name found')

    await ns.kubectl(['delete', 'pod', 'user'])
    await until(
      'the Secret to be refused',
      async () => (await read(node, 'secret/shown')).includes(unrelated(node)) || undefined,
    )
  })

  it('reads no other Node, and no Pods but its own', async () => {
    expect(await read(node, `node/${node}`)).toBe(`node/${node}`)
    expect(await read(node, 'node/nobody')).toContain(`node '${node}' cannot read 'nobody', only its own Node object`)
    expect(await asks(node, 'get', 'pods', '-A', '--field-selector', 'spec.nodeName=nobody')).toContain(
      'can only list/watch pods with spec.nodeName field selector',
    )
    expect(await asks(node, 'get', 'pods', '-A', '--field-selector', `spec.nodeName=${node}`)).not.toContain('orbidden')
  })
})

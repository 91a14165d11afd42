import type { ContainerPort, NodeSpec, Pod, Taint, Toleration } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { cacheOf, node, pod } from '../cases.ts'
import { isRejection, type Plugin } from '../framework/plugin.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { taintToleration } from './taint-toleration.ts'

/** What the plugin says of node "a"; "!" marks what no eviction would help. */
function verdict(plugin: Plugin, incoming: Pod, spec: Partial<NodeSpec> = {}, running: Pod[] = []): string {
  const cache = cacheOf([node('a', { spec })], running)
  const filter = plugin.preFilter?.(podInfo(incoming), cache)
  const there = cache.node('a')
  const rejection = isRejection(filter) ? filter : there && filter?.(there)
  return rejection ? `${rejection.unresolvable ? '!' : ''}${rejection.reasons.join(', ')}` : ''
}

// pkg/scheduler/framework/plugins/nodename/node_name_test.go TestNodeName
describe('NodeName', () => {
  const no = "!node(s) didn't match the requested node name"
  it.each<[string, string | undefined, string]>([
    ['no name', undefined, ''],
    ['an empty name', '', ''],
    ['its name', 'a', ''],
    ['another name', 'b', no],
    ['a longer name', 'aa', no],
    ['the name in capitals', 'A', no],
  ])('%s', (_name, wanted, want) => {
    const spec = wanted === undefined ? {} : { nodeName: wanted }
    expect(verdict(nodeName, pod('p', { spec }))).toBe(want)
  })
})

// pkg/scheduler/framework/plugins/nodeports/node_ports_test.go TestNodePorts
describe('NodePorts', () => {
  const no = "node(s) didn't have free ports for the requested pod ports"
  /** "UDP/127.0.0.1/8080": a Pod with these ports of its node. */
  const withPorts = (name: string, ports: readonly string[], on?: string): Pod => {
    const all = ports.map((text): ContainerPort => {
      const [protocol = '', hostIP = '', port = ''] = text.split('/')
      return { protocol, hostIP, hostPort: Number(port), containerPort: 8001 }
    })
    const spec = { containers: [{ name: 'c', image: 'i', ports: all }] }
    return pod(name, { spec, ...(on ? { on } : {}) })
  }
  it.each<[string, string[], string[], string]>([
    ['nobody there', ['UDP/127.0.0.1/8080'], [], ''],
    ['another port', ['UDP/127.0.0.1/8080'], ['UDP/127.0.0.1/9090'], ''],
    ['the same UDP port', ['UDP/127.0.0.1/8080'], ['UDP/127.0.0.1/8080'], no],
    ['the same TCP port', ['TCP/127.0.0.1/8080'], ['TCP/127.0.0.1/8080'], no],
    ['another address', ['TCP/127.0.0.1/8080'], ['TCP/127.0.0.2/8080'], ''],
    ['another protocol', ['UDP/127.0.0.1/8080'], ['TCP/127.0.0.1/8080'], ''],
    ['the second of two', ['UDP/127.0.0.1/8000', 'UDP/127.0.0.1/8080'], ['UDP/127.0.0.1/8080'], no],
    [
      'the first of two',
      ['TCP/127.0.0.1/8001', 'UDP/127.0.0.1/8080'],
      ['TCP/127.0.0.1/8001', 'UDP/127.0.0.1/8081'],
      no,
    ],
    ['all addresses want one', ['TCP/0.0.0.0/8001'], ['TCP/127.0.0.1/8001'], no],
    ['one, and all are taken', ['TCP/127.0.0.1/8001'], ['TCP/0.0.0.0/8001'], no],
    ['no address is all of them', ['TCP//8001'], ['TCP/10.0.10.10/8001'], no],
    ['all addresses of another protocol', ['UDP/127.0.0.1/8001'], ['TCP/0.0.0.0/8001'], ''],
    ['SCTP has ports of its own', ['SCTP/127.0.0.1/8001'], ['TCP/127.0.0.1/8001', 'UDP/127.0.0.1/8001'], ''],
  ])('%s', (_name, wanted, taken, want) => {
    const running = taken.length === 0 ? [] : [withPorts('r', taken, 'a')]
    expect(verdict(nodePorts, withPorts('p', wanted), {}, running)).toBe(want)
  })
})

// pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable_test.go TestNodeUnschedulable
describe('NodeUnschedulable', () => {
  const no = '!node(s) were unschedulable'
  const key = 'node.kubernetes.io/unschedulable'
  it.each<[string, boolean, Toleration[], string]>([
    ['a node for all', false, [], ''],
    ['a cordoned one', true, [], no],
    ['a cordoned one that the Pod bears with', true, [{ key, operator: 'Exists', effect: 'NoSchedule' }], ''],
    ['of whatever effect', true, [{ key, operator: 'Exists' }], ''],
    ['as it bears with everything', true, [{ operator: 'Exists' }], ''],
    ['but not by another effect', true, [{ key, operator: 'Exists', effect: 'NoExecute' }], no],
    ['nor by another key', true, [{ key: 'other', operator: 'Exists' }], no],
  ])('%s', (_name, unschedulable, tolerations, want) => {
    expect(verdict(nodeUnschedulable, pod('p', { spec: { tolerations } }), { unschedulable })).toBe(want)
  })
})

// pkg/scheduler/framework/plugins/tainttoleration/taint_toleration_test.go TestTaintTolerationFilter
describe('TaintToleration', () => {
  const no = '!node(s) had untolerated taint(s)'
  const dedicated = (effect = 'NoSchedule', value = 'user1'): Taint => ({ key: 'dedicated', value, effect })
  const bears = (more: Partial<Toleration> = {}): Toleration => ({ key: 'dedicated', value: 'user1', ...more })
  it.each<[string, Toleration[], Taint[], string]>([
    ['no taint', [], [], ''],
    ['no toleration', [], [dedicated()], no],
    ['the very one', [bears({ effect: 'NoSchedule' })], [dedicated()], ''],
    ['another value', [bears({ value: 'user2' })], [dedicated()], no],
    ['any value', [{ key: 'dedicated', operator: 'Exists' }], [dedicated()], ''],
    ['any effect', [bears()], [dedicated('NoExecute')], ''],
    ['another effect', [bears({ effect: 'NoExecute' })], [dedicated()], no],
    ['one of two', [bears()], [dedicated(), { key: 'other', effect: 'NoSchedule' }], no],
    ['everything', [{ operator: 'Exists' }], [dedicated(), { key: 'other', effect: 'NoExecute' }], ''],
    ['a taint that only asks to stay away', [], [dedicated('PreferNoSchedule')], ''],
    ['for a time', [bears({ effect: 'NoExecute', tolerationSeconds: 5 })], [dedicated('NoExecute')], ''],
  ])('%s', (_name, tolerations, taints, want) => {
    expect(verdict(taintToleration, pod('p', { spec: { tolerations } }), { taints })).toBe(want)
  })
})

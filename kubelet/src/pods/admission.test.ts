import { describe, expect, it } from 'vitest'
import type { Container, Node, Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { admission } from './admission.ts'
import { container, pod } from './fixtures.ts'

const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', labels: { disk: 'ssd' } },
  spec: {},
  status: {
    allocatable: { cpu: '2', memory: '1Gi', 'ephemeral-storage': '10Gi', pods: '3', 'example.com/gpu': '1' },
  },
}
const tainted: Node = { ...node, spec: { taints: [{ key: 'broken', effect: 'NoExecute' }] } }

const asking = (requests: Record<string, string>): Container => container('a', { resources: { requests } })
const one = (spec: Partial<PodSpec>, more: Partial<Pod> = {}): Pod =>
  pod({ containers: [container('a')], ...spec }, more)
const withPort = (hostPort: number, more: object = {}): Pod =>
  one({ containers: [container('a', { ports: [{ containerPort: 80, hostPort, ...more }] })] })
const small = pod({ containers: [asking({ cpu: '1500m', memory: '1000Mi', 'example.com/gpu': '1' })] })
const plain = one({})
const runs: Partial<Pod> = { status: { startTime: '2026-01-01T00:00:00Z' } }

interface Case {
  name: string
  pod: Pod
  others?: Pod[]
  node?: Node
  /** Undefined: the node takes it. */
  reason?: string
  message?: string
}

const affinity = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
const ports = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
const taints = "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"
const lacks = (what: string): string => `Node didn't have enough resource: ${what}`

const cases: Case[] = [
  { name: 'a Pod that asks for nothing', pod: plain, others: [small] },
  { name: 'what just fits', pod: pod({ containers: [asking({ cpu: '500m', memory: '24Mi' })] }), others: [small] },
  {
    name: 'more CPU than is left',
    pod: pod({ containers: [asking({ cpu: '501m', memory: '2Gi' })] }),
    others: [small],
    reason: 'OutOfcpu',
    message: lacks('cpu, requested: 501, used: 1500, capacity: 2000'),
  },
  {
    name: 'more memory than is left',
    pod: pod({ containers: [asking({ memory: '25Mi' })] }),
    others: [small],
    reason: 'OutOfmemory',
    message: lacks('memory, requested: 26214400, used: 1048576000, capacity: 1073741824'),
  },
  {
    name: 'more disk than there is',
    pod: pod({ containers: [asking({ 'ephemeral-storage': '11Gi' })] }),
    reason: 'OutOfephemeral-storage',
    message: lacks('ephemeral-storage, requested: 11811160064, used: 0, capacity: 10737418240'),
  },
  {
    name: 'one Pod too many',
    pod: plain,
    others: [plain, plain, plain],
    reason: 'OutOfpods',
    message: lacks('pods, requested: 1, used: 3, capacity: 3'),
  },
  {
    name: 'a device that is taken',
    pod: pod({ containers: [asking({ 'example.com/gpu': '1' })] }),
    others: [small],
    reason: 'OutOfexample.com/gpu',
    message: lacks('example.com/gpu, requested: 1, used: 1, capacity: 1'),
  },
  {
    name: "a resource of the cluster's, not of the node's",
    pod: pod({ containers: [asking({ 'example.com/licence': '9' })] }),
  },
  {
    name: 'huge pages that the node has none of',
    pod: pod({ containers: [asking({ 'hugepages-2Mi': '2Mi' })] }),
    reason: 'OutOfhugepages-2Mi',
    message: lacks('hugepages-2Mi, requested: 2097152, used: 0, capacity: 0'),
  },
  {
    name: 'overhead counts',
    pod: one({ overhead: { cpu: '3' } }),
    reason: 'OutOfcpu',
    message: lacks('cpu, requested: 3000, used: 0, capacity: 2000'),
  },
  { name: 'the right label', pod: one({ nodeSelector: { disk: 'ssd' } }) },
  { name: 'the wrong label', pod: one({ nodeSelector: { disk: 'tape' } }), reason: 'NodeAffinity', message: affinity },
  { name: 'the wrong label while it runs', pod: one({ nodeSelector: { disk: 'tape' } }, runs) },
  {
    name: 'the wrong name',
    pod: one({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n2'] }] }],
          },
        },
      },
    }),
    reason: 'NodeAffinity',
    message: affinity,
  },
  { name: 'a port that is free', pod: withPort(8080), others: [withPort(8081), withPort(8080, { protocol: 'UDP' })] },
  { name: 'a port that is taken', pod: withPort(8080), others: [withPort(8080)], reason: 'NodePorts', message: ports },
  {
    name: 'one port at two addresses',
    pod: withPort(8080, { hostIP: '127.0.0.1' }),
    others: [withPort(8080, { hostIP: '127.0.0.2' })],
  },
  {
    name: 'one port at one address and at all',
    pod: withPort(8080, { hostIP: '127.0.0.1' }),
    others: [withPort(8080)],
    reason: 'NodePorts',
    message: ports,
  },
  { name: 'a taint that lets nothing run', pod: plain, node: tainted, reason: 'TaintToleration', message: taints },
  { name: 'a taint that comes while it runs', pod: one({}, runs), node: tainted },
  { name: 'a taint it tolerates', pod: one({ tolerations: [{ operator: 'Exists' }] }), node: tainted },
  {
    name: 'a taint against scheduling alone',
    pod: plain,
    node: { ...node, spec: { taints: [{ key: 'full', effect: 'NoSchedule' }] } },
  },
  {
    name: 'another system by its field',
    pod: one({ os: { name: 'windows' } }),
    reason: 'PodOSNotSupported',
    message: "Failed to admit pod as the OS field doesn't match node OS",
  },
  {
    name: 'another system by its label',
    pod: one({}, { metadata: { name: 'a', labels: { 'kubernetes.io/os': 'windows' } } }),
    reason: 'PodOSSelectorNodeLabelDoesNotMatch',
    message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
  },
  {
    name: 'groups of the Pod alone',
    pod: one({ securityContext: { supplementalGroupsPolicy: 'Strict' } }),
    reason: 'SupplementalGroupsPolicyNotSupported',
    message: 'SupplementalGroupsPolicy=Strict is not supported in this node',
  },
]

describe('admission', () => {
  for (const test of cases) {
    it(test.name, () => {
      const found = admission(test.pod, test.others ?? [], test.node ?? node)
      const { reason, message } = test
      expect(found).toEqual({ why: reason === undefined ? undefined : { reason, message }, victims: [] })
    })
  }
})

describe('admission of a critical Pod', () => {
  const needs = (requests: Record<string, string>, spec: Partial<PodSpec> = {}): Pod =>
    pod({ containers: [asking(requests)], priority: 2_000_000_000, ...spec })

  it('makes room', () => {
    expect(admission(needs({ cpu: '1' }), [plain, small], node)).toEqual({
      why: undefined,
      victims: [small],
      lacking: 'cpu',
    })
  })

  it('sends nobody away where there is room', () => {
    expect(admission(needs({ cpu: '500m' }), [small], node)).toEqual({ why: undefined, victims: [] })
  })

  it('makes room among the Pods too', () => {
    expect(admission(needs({}), [small, plain, small], node)).toEqual({
      why: undefined,
      victims: [plain],
      lacking: 'pods',
    })
  })

  it('sends nobody away when room would not help', () => {
    const found = admission(needs({ cpu: '1' }, { nodeSelector: { disk: 'tape' } }), [small], node)
    expect(found).toEqual({ why: { reason: 'NodeAffinity', message: affinity }, victims: [] })
  })

  it('fails when there is nobody to send away', () => {
    const message =
      'Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to ' +
      'preempt: no set of running pods found to reclaim resources: [(res: cpu, q: 1000), ]'
    const found = admission(needs({ cpu: '3' }), [], node)
    expect(found).toEqual({ why: { reason: 'UnexpectedAdmissionError', message }, victims: [] })
  })
})

import { describe, expect, it } from 'vitest'
import { decodeObject } from '../machinery/schema/decode.ts'
import type { Field, ObjectNode, SchemaNode } from '../machinery/schema/node.ts'
import { parseProtobuf } from '../machinery/schema/protobuf.ts'
import { protobufDocument, protobufMessage } from '../machinery/schema/protobuf-encode.ts'
import { kinds } from './kinds/index.ts'
import { betaKinds } from './kinds/beta.ts'
import { oldKinds } from './kinds/old/index.ts'
import { findSchema } from './schemas.ts'

// Upstream stores objects as protobuf, which has no empty lists: what Go cannot leave out is then nil, and null in JSON.

/** Every struct of the kinds that are served, by its place in Go. */
const structs = new Map<string, ObjectNode>()
for (const { group, version, kind } of [...kinds, ...betaKinds, ...oldKinds]) visit(findSchema(group, version, kind))

function visit(node: SchemaNode | undefined): void {
  if (node?.type === 'list') visit(node.element)
  if (node?.type === 'map') visit(node.value)
  if (node?.type === 'union') for (const option of node.options) visit(option.node)
  if (node?.type !== 'object' || structs.has(node.name)) return
  structs.set(node.name, node)
  for (const field of node.fields.values()) visit(field.node)
}

const nullable = [...structs].flatMap(([name, node]) =>
  [...node.fields.values()]
    .filter((field) => field.nullable)
    .map((field): [string, ObjectNode, Field] => [`${name.replace(/^io\.k8s\.api\./, '')}.${field.name}`, node, field]),
)

describe('lists that Go cannot leave out', () => {
  it('are known', () => {
    expect(nullable.map(([name]) => name).toSorted()).toEqual([
      'autoscaling.v2.HorizontalPodAutoscalerStatus.currentMetrics',
      'autoscaling.v2beta2.HorizontalPodAutoscalerStatus.currentMetrics',
      'core.v1.ContainerImage.names',
      'core.v1.LimitRangeSpec.limits',
      'core.v1.ProjectedVolumeSource.sources',
      'discovery.v1.EndpointSlice.endpoints',
      'discovery.v1.EndpointSlice.ports',
      'discovery.v1beta1.EndpointSlice.endpoints',
      'discovery.v1beta1.EndpointSlice.ports',
      'flowcontrol.v1.ResourcePolicyRule.namespaces',
      'rbac.v1.ClusterRole.rules',
      'rbac.v1.Role.rules',
      'rbac.v1beta1.ClusterRole.rules',
      'rbac.v1beta1.Role.rules',
      'resource.v1.AllocatedDeviceStatus.conditions',
      'resource.v1.DeviceClaim.requests',
      'storage.v1.CSINodeDriver.topologyKeys',
      'storage.v1.CSINodeSpec.drivers',
      'storage.v1beta1.CSINodeDriver.topologyKeys',
      'storage.v1beta1.CSINodeSpec.drivers',
    ])
  })

  it.each(nullable)('%s is null when it is empty or left out', (_, node, { name }) => {
    for (const given of [{}, { [name]: null }, { [name]: [] }]) {
      const { object, problems } = decodeObject(node, given, 'Strict')
      expect(object[name]).toBeNull()
      expect(problems).toEqual([])
      const back = parseProtobuf(node, protobufDocument('v1', 'X', [protobufMessage(node, object)]))
      expect(decodeObject(node, back, 'Ignore').object[name]).toBeNull()
    }
  })
})

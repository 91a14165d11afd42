import { describe, expect, it } from 'vitest'
import { clone } from '../../../../machinery/deep.ts'
import { errorText } from '../../../../machinery/fieldpath.ts'
import type { Service, ServiceSpec } from '../../../types/core-v1.ts'
import { prepareForCreate, prepareForUpdate, validateCreate, validateUpdate } from '../../strategy.ts'
import { service as kind } from './kind.ts'

function make(spec: ServiceSpec): Service {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'x', resourceVersion: '1' },
    spec,
  }
  kind.defaults?.(service)
  prepareForCreate(kind, service)
  return service
}

it('fills in defaults', () => {
  expect(make({ type: 'LoadBalancer', ports: [{ port: 80 }] }).spec).toEqual({
    type: 'LoadBalancer',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    sessionAffinity: 'None',
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    allocateLoadBalancerNodePorts: true,
  })
})

describe('validation', () => {
  const port = { port: 80 }
  const table: [string, ServiceSpec, string[]][] = [
    ['fine', { ports: [port] }, []],
    ['headless without ports', { clusterIP: 'None' }, []],
    ['no ports', {}, ['spec.ports: Required value']],
    ['names of several', { ports: [port, { port: 81, name: 'b' }] }, ['spec.ports[0].name: Required value']],
    [
      'node port of a cluster IP',
      { ports: [{ port: 80, nodePort: 30000 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      'no address',
      { ports: [port], clusterIP: 'x' },
      ['spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ],
    ['external name', { type: 'ExternalName' }, ['spec.externalName: Required value']],
    [
      'type',
      { type: 'Other', ports: [port] },
      [
        'spec.type: Unsupported value: "Other": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    [
      'loopback',
      { ports: [port], externalIPs: ['127.0.0.1'] },
      ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ],
  ]
  it.each(table)('%s', (_, spec, want) => {
    expect(validateCreate(kind, make(spec)).map(errorText)).toEqual(want)
  })
})

describe('update', () => {
  const old = make({ type: 'NodePort', ports: [{ port: 80, nodePort: 30001 }], clusterIP: '10.96.0.9' })

  it('keeps what was given out', () => {
    const now = make({ type: 'NodePort', ports: [{ port: 80 }] })
    prepareForUpdate(kind, now, old)
    expect(now.spec.clusterIP).toBe('10.96.0.9')
    expect(now.spec.clusterIPs).toEqual(['10.96.0.9'])
    expect(now.spec.ports?.[0]?.nodePort).toBe(30001)
  })

  it('gives node ports back with the type', () => {
    const now = clone(old)
    now.spec.type = 'ClusterIP'
    prepareForUpdate(kind, now, old)
    expect(now.spec.ports?.[0]?.nodePort).toBeUndefined()
    expect(now.spec.externalTrafficPolicy).toBeUndefined()
    expect(validateUpdate(kind, now, old)).toEqual([])
  })

  it('may not change the cluster IP', () => {
    const now = clone(old)
    now.spec.clusterIP = '10.96.0.10'
    prepareForUpdate(kind, now, old)
    expect(validateUpdate(kind, now, old).map(errorText)).toEqual([
      'spec.clusterIPs[0]: Invalid value: ["10.96.0.10"]: may not change once set',
    ])
  })
})

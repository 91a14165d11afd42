import { describe, expect, it } from 'vitest'
import { aggregatedForm } from './discovery.ts'

const as = (version: string, type = 'application/json') =>
  `${type};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`

describe('aggregatedForm', () => {
  it.each([
    [undefined, undefined],
    ['*/*', undefined],
    ['application/json', undefined],
    [as('v2'), 'json'],
    [`${as('v2')};profile=nopeer`, 'json'],
    // what kubectl and client-go send
    [`${as('v2')},${as('v2beta1')},application/json`, 'json'],
    [`${as('v2beta1')},application/json`, undefined],
    [`application/json,${as('v2')}`, undefined],
    [as('v2', 'application/vnd.kubernetes.protobuf'), 'protobuf'],
    [as('v2', 'application/yaml'), 'yaml'],
    [as('v2', '*/*'), 'json'],
    ['application/json;g=apidiscovery.k8s.io;v=v2;as=Table', undefined],
  ])('%s', (accept, expected) => expect(aggregatedForm(accept)).toBe(expected))
})

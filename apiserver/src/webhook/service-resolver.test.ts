import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import { expect, it } from 'vitest'
import { addressOf } from './service-resolver.ts'

const service = (spec: object): Service => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'hook' }, spec })
const ports = [{ port: 443, targetPort: 8443 }]

it.each([
  [
    { clusterIP: '10.96.0.9', ports },
    { host: '10.96.0.9', port: 443 },
  ],
  [
    { type: 'NodePort', clusterIP: '10.96.0.9', ports },
    { host: '10.96.0.9', port: 443 },
  ],
  [
    { type: 'ExternalName', externalName: 'hook.example' },
    { host: 'hook.example', port: 443 },
  ],
])('finds the address of %j', (spec, address) => {
  expect(addressOf(service(spec), 443)).toEqual(address)
})

it.each([
  [{ clusterIP: 'None', ports }, 'cannot route to service with ClusterIP "None"'],
  [{ clusterIP: '10.96.0.9', ports: [{ port: 80 }] }, 'no service port 443 found for service "hook"'],
])('finds none of %j', (spec, text) => {
  expect(() => addressOf(service(spec), 443)).toThrow(text)
})

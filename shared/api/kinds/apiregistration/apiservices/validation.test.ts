import { describe, expect, it } from 'vitest'
import { errorText } from '../../../../machinery/fieldpath.ts'
import type { APIService, APIServiceSpec } from '../../../types/apiregistration-v1.ts'
import { defaults } from './defaults.ts'
import { prepareForCreate } from './strategy.ts'
import { validate, validateStatusUpdate } from './validation.ts'

const service = (name: string, spec: Partial<APIServiceSpec>): APIService => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name },
  spec: { group: 'example.com', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 10, ...spec },
})

describe('validate', () => {
  const remote = { namespace: 'default', name: 'api', port: 443 }
  it.each<[string, APIService, string[]]>([
    ['local', service('v1.example.com', {}), []],
    ['the core group', service('v1.', { group: '' }), []],
    ['remote', service('v1.example.com', { service: remote, caBundle: 'YQ==' }), []],
    [
      'another name',
      service('v2.example.com', {}),
      ['metadata.name: Invalid value: "v2.example.com": must be `spec.version+"."+spec.group`: "v1.example.com"'],
    ],
    [
      'an empty group',
      service('v2.', { group: '', version: 'v2' }),
      ['spec.group: Required value: only v1 may have an empty group and it better be legacy kube'],
    ],
    [
      'priorities',
      service('v1.example.com', { groupPriorityMinimum: 20_001, versionPriority: 0 }),
      [
        'spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000',
        'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
      ],
    ],
    [
      'TLS of what is local',
      service('v1.example.com', { caBundle: 'YWI=', insecureSkipTLSVerify: true }),
      [
        'spec.caBundle: Invalid value: "2 bytes": local APIServices may not have a caBundle',
        'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
      ],
    ],
    [
      'half a service',
      service('v1.example.com', { service: {}, caBundle: 'YWI=', insecureSkipTLSVerify: true }),
      [
        'spec.service.namespace: Required value',
        'spec.service.name: Required value',
        'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
      ],
    ],
  ])('%s', (_, obj, texts) => {
    expect(validate(obj).map(errorText)).toEqual(texts)
  })

  it('refuses a condition that is neither here nor there', () => {
    const obj = { ...service('v1.example.com', {}), status: { conditions: [{ type: 'Available', status: 'Maybe' }] } }
    expect(validateStatusUpdate(obj).map(errorText)).toEqual([
      'status.conditions[0].status: Unsupported value: "Maybe": supported values: "True", "False", "Unknown"',
    ])
  })
})

it('what is local is available at once, and a service has a port', () => {
  const local = service('v1.example.com', {})
  prepareForCreate(local)
  expect(local.status?.conditions?.[0]).toMatchObject({ type: 'Available', status: 'True', reason: 'Local' })
  const remote = service('v1.example.com', { service: { namespace: 'a', name: 'b' } })
  defaults(remote)
  prepareForCreate(remote)
  expect(remote.status).toBeUndefined()
  expect(remote.spec.service?.port).toBe(443)
})

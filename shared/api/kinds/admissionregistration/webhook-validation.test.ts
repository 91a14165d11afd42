import { describe, expect, it } from 'vitest'
import { errorText } from '../../../machinery/fieldpath.ts'
import type { MutatingWebhook, MutatingWebhookConfiguration } from '../../types/admissionregistration-v1.ts'
import { defaults } from './mutatingwebhookconfigurations/defaults.ts'
import { validateWebhooks, validateWebhooksUpdate } from './webhook-validation.ts'

const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: '*' }
const good: MutatingWebhook = {
  name: 'hook.k8s.io.example',
  clientConfig: { url: 'https://hook.example/path' },
  rules: [rule],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
}
const texts = (changes: object): string[] => validateWebhooks([{ ...good, ...changes }]).map(errorText)
const service = { namespace: 'default', name: 'hook', port: 443 }

describe('a webhook', () => {
  it('may be right', () => {
    expect(texts({})).toEqual([])
    expect(texts({ clientConfig: { service: { ...service, path: '/a/b.c/' } } })).toEqual([])
  })

  it.each<[object, string]>([
    [{ name: '' }, 'webhooks[0].name: Required value'],
    [
      { name: 'a.b' },
      'webhooks[0].name: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
    ],
    [{ clientConfig: {} }, 'webhooks[0].clientConfig: Required value: exactly one of url or service is required'],
    [
      { clientConfig: { url: 'https://a.example', service } },
      'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
    ],
    [
      { clientConfig: { url: 'http://a.example' } },
      'webhooks[0].clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
    ],
    [
      { clientConfig: { url: 'https:///a' } },
      'webhooks[0].clientConfig.url: Invalid value: "": host must be specified; desired format: https://host[/path]',
    ],
    [
      { clientConfig: { url: 'https://me@a.example' } },
      'webhooks[0].clientConfig.url: Invalid value: "me": user information is not permitted in the URL',
    ],
    [
      { clientConfig: { url: 'https://a.example#x' } },
      'webhooks[0].clientConfig.url: Invalid value: "x": fragments are not permitted in the URL',
    ],
    [
      { clientConfig: { url: 'https://a.example?x=y' } },
      'webhooks[0].clientConfig.url: Invalid value: "x=y": query parameters are not permitted in the URL',
    ],
    [
      { clientConfig: { url: 'https://a.example:x' } },
      'webhooks[0].clientConfig.url: Required value: url must be a valid URL: parse "https://a.example:x": invalid port ":x" after host; desired format: https://host[/path]',
    ],
    [{ clientConfig: { service: { ...service, name: '' } } }, 'webhooks[0].clientConfig.service.name: Required value'],
    [
      { clientConfig: { service: { ...service, port: 0 } } },
      'webhooks[0].clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
    ],
    [
      { clientConfig: { service: { ...service, path: '/a//b' } } },
      'webhooks[0].clientConfig.service.path: Invalid value: "/a//b": segment[1] may not be empty',
    ],
    [
      { clientConfig: { service: { ...service, path: 'ab' } } },
      'webhooks[0].clientConfig.service.path: Invalid value: "ab": must start with a \'/\'',
    ],
    [{ sideEffects: undefined }, 'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun'],
    [
      { sideEffects: 'Some' },
      'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    ],
    [{ failurePolicy: 'x' }, 'webhooks[0].failurePolicy: Unsupported value: "x": supported values: "Fail", "Ignore"'],
    [
      { timeoutSeconds: 31 },
      'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
    ],
    [
      { admissionReviewVersions: [] },
      'webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1',
    ],
    [
      { admissionReviewVersions: ['v2'] },
      'webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
    ],
    [
      { admissionReviewVersions: ['v1', 'v1'] },
      'webhooks[0].admissionReviewVersions[1]: Invalid value: "v1": duplicate version',
    ],
    [{ rules: [{ ...rule, operations: [] }] }, 'webhooks[0].rules[0].operations: Required value'],
    [
      { rules: [{ ...rule, operations: ['*', 'CREATE'] }] },
      'webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
    ],
    [
      { rules: [{ ...rule, operations: ['PATCH'] }] },
      'webhooks[0].rules[0].operations[0]: Unsupported value: "PATCH": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
    ],
    [{ rules: [{ ...rule, apiGroups: undefined }] }, 'webhooks[0].rules[0].apiGroups: Required value'],
    [{ rules: [{ ...rule, apiVersions: [''] }] }, 'webhooks[0].rules[0].apiVersions[0]: Required value'],
    [
      { rules: [{ ...rule, resources: ['pods/*', 'pods/log'] }] },
      'webhooks[0].rules[0].resources[1]: Invalid value: "pods/log": if \'pods/*\' is present, must not specify pods/log',
    ],
    [
      { rules: [{ ...rule, resources: ['*/*', 'pods'] }] },
      'webhooks[0].rules[0].resources: Invalid value: ["*/*","pods"]: if \'*/*\' is present, must not specify other resources',
    ],
    [
      { rules: [{ ...rule, resources: ['*', 'pods'] }] },
      'webhooks[0].rules[0].resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources without subresources',
    ],
    [
      { rules: [{ ...rule, scope: 'x' }] },
      'webhooks[0].rules[0].scope: Unsupported value: "x": supported values: "*", "Cluster", "Namespaced"',
    ],
    [
      { matchConditions: [{ name: 'a', expression: '1' }] },
      'webhooks[0].matchConditions[0].expression: Invalid value: "1": must evaluate to bool but got int',
    ],
  ])('is refused: %j', (changes, text) => {
    expect(texts(changes)).toEqual([text])
  })
})

it('has a name of its own', () => {
  expect(validateWebhooks([good, good]).map(errorText)).toEqual([
    'webhooks[1].name: Duplicate value: "hook.k8s.io.example"',
  ])
})

it('may stay wrong in an update where it was so before', () => {
  const wrong = [
    { ...good, sideEffects: 'Unknown' },
    { ...good, admissionReviewVersions: ['v2'] },
  ]
  expect(validateWebhooksUpdate(wrong, wrong)).toEqual([])
  expect(validateWebhooksUpdate(wrong, [good]).length).toBe(3)
})

it('is completed', () => {
  const { scope: _, ...unscoped } = rule
  const configuration: MutatingWebhookConfiguration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {},
    webhooks: [{ ...good, rules: [unscoped], clientConfig: { service: { namespace: 'default', name: 'hook' } } }],
  }
  defaults(configuration)
  expect(configuration.webhooks?.[0]).toEqual({
    ...good,
    clientConfig: { service },
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
    reinvocationPolicy: 'Never',
  })
})

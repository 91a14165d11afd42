import { describe, expect, it } from 'vitest'
import { errorText } from '../../../machinery/fieldpath.ts'
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../types/admissionregistration-v1.ts'
import { defaults as mutatingDefaults } from './mutatingadmissionpolicies/defaults.ts'
import { validate as validateMutating } from './mutatingadmissionpolicies/validation.ts'
import { defaults as mutatingBindingDefaults } from './mutatingadmissionpolicybindings/defaults.ts'
import { validate as validateMutatingBinding } from './mutatingadmissionpolicybindings/validation.ts'
import { defaults as validatingDefaults } from './validatingadmissionpolicies/defaults.ts'
import { validate as validateValidating, validateUpdate } from './validatingadmissionpolicies/validation.ts'
import { defaults as validatingBindingDefaults } from './validatingadmissionpolicybindings/defaults.ts'
import { validate as validateValidatingBinding } from './validatingadmissionpolicybindings/validation.ts'

const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }
const matchConstraints = { resourceRules: [rule] }
const end =
  "expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

describe('a ValidatingAdmissionPolicy', () => {
  const policy = (spec: object): ValidatingAdmissionPolicy => {
    const made = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'one' },
      spec: { matchConstraints: structuredClone(matchConstraints), validations: [{ expression: 'true' }], ...spec },
    } as ValidatingAdmissionPolicy
    validatingDefaults(made)
    return made
  }

  it('has defaults', () => {
    expect(policy({}).spec).toEqual({
      failurePolicy: 'Fail',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        resourceRules: [{ ...rule, scope: '*' }],
      },
      validations: [{ expression: 'true' }],
    })
  })

  it.each<[string, object, string[]]>([
    ['fine', {}, []],
    [
      'all variables',
      {
        validations: [
          {
            expression:
              "request.userInfo.username != '' && namespaceObject.metadata.name == 'x' && authorizer.requestResource.check('get').allowed() && object.a == oldObject.a",
          },
        ],
      },
      [],
    ],
    [
      'composition',
      {
        variables: [
          { name: 'a', expression: '1' },
          { name: 'b', expression: 'variables.a + 1' },
        ],
        validations: [{ expression: 'variables.b == 2' }],
      },
      [],
    ],
    [
      'no validations',
      { validations: [] },
      [
        'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
        'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
      ],
    ],
    ['no match', { matchConstraints: undefined }, ['spec.matchConstraints: Required value']],
    ['no rules', { matchConstraints: {} }, ['spec.matchConstraints.resourceRules: Required value']],
    [
      'failure policy',
      { failurePolicy: 'Maybe' },
      ['spec.failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"'],
    ],
    [
      'syntax',
      { validations: [{ expression: 'object.x >' }] },
      [
        `spec.validations[0].expression: Invalid value: "object.x >": compilation failed: ERROR: <input>:1:11: Syntax error: mismatched input '<EOF>' ${end}\n | object.x >\n | ..........^`,
      ],
    ],
    [
      'type',
      { validations: [{ expression: "'a'" }] },
      [`spec.validations[0].expression: Invalid value: "'a'": must evaluate to bool but got string`],
    ],
    [
      'dyn is not bool',
      { validations: [{ expression: 'object.x' }] },
      ['spec.validations[0].expression: Invalid value: "object.x": must evaluate to bool but got dyn'],
    ],
    [
      'no params',
      { validations: [{ expression: 'params.x == 1' }] },
      [
        `spec.validations[0].expression: Invalid value: "params.x == 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x == 1\n | ^`,
      ],
    ],
    [
      'params',
      { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'params.x == 1' }] },
      [],
    ],
    [
      'unknown variable',
      { variables: [{ name: 'a', expression: 'true' }], validations: [{ expression: 'variables.b' }] },
      [
        `spec.validations[0].expression: Invalid value: "variables.b": compilation failed: ERROR: <input>:1:10: undefined field 'b'\n | variables.b\n | .........^`,
      ],
    ],
    [
      'variable name',
      {
        variables: [
          { name: '1a', expression: 'true' },
          { name: '', expression: ' ' },
        ],
      },
      [
        'spec.variables[0].name: Invalid value: "1a": name is not a valid CEL identifier',
        'spec.variables[1].name: Required value: name is not specified',
        'spec.variables[1].expression: Required value: expression is not specified',
      ],
    ],
    [
      'message',
      {
        validations: [
          { expression: 'true', message: ' ', messageExpression: ' ', reason: 'Whim' },
          { expression: ' ', message: 'a\nb' },
        ],
      },
      [
        'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
        'spec.validations[0].message: Invalid value: " ": message must be non-empty if specified',
        'spec.validations[0].reason: Unsupported value: "Whim": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
        'spec.validations[1].expression: Required value: expression is not specified',
        'spec.validations[1].message: Invalid value: "a\\nb": message must not contain line breaks',
      ],
    ],
    [
      'a message asks nobody',
      {
        validations: [
          { expression: 'true', messageExpression: "authorizer.group('').resource('x').check('get').reason()" },
        ],
      },
      [
        `spec.validations[0].messageExpression: Invalid value: "authorizer.group('').resource('x').check('get').reason()": compilation failed: ERROR: <input>:1:1: undeclared reference to 'authorizer' (in container '')\n | authorizer.group('').resource('x').check('get').reason()\n | ^`,
      ],
    ],
    [
      'audit',
      {
        auditAnnotations: [
          { key: 'k', valueExpression: '1' },
          { key: 'k', valueExpression: 'object.a == 1 ? null : "x"' },
        ],
      },
      [
        'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int',
        'spec.auditAnnotations[1].valueExpression: Invalid value: "object.a == 1 ? null : \\"x\\"": compilation failed: ERROR: <input>:1:15: found no matching overload for \'_?_:_\' applied to \'(bool, null, string)\'\n | object.a == 1 ? null : "x"\n | ..............^',
        'spec.auditAnnotations[1].key: Duplicate value: "k"',
      ],
    ],
    [
      'conditions',
      {
        matchConditions: [
          { name: 'a', expression: '1' },
          { name: 'a', expression: ' ' },
        ],
      },
      [
        'spec.matchConditions[0].expression: Invalid value: "1": must evaluate to bool but got int',
        'spec.matchConditions[1].expression: Required value',
        'spec.matchConditions[1].name: Duplicate value: "a"',
      ],
    ],
    [
      'param kind',
      { paramKind: { apiVersion: 'a/b/c', kind: 'No-Kind-' } },
      [
        'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
        `spec.paramKind.kind: Invalid value: "No-Kind-": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
      ],
    ],
    [
      'resource names',
      { matchConstraints: { resourceRules: [{ ...rule, resourceNames: ['a', 'a', '..'] }] } },
      [
        'spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
        `spec.matchConstraints.resourceRules[0].resourceNames[2]: Invalid value: "..": may not be '..'`,
      ],
    ],
  ])('%s', (_, spec, wanted) => {
    expect(validateValidating(policy(spec)).map(errorText)).toEqual(wanted)
  })

  it('conditions that do not change are not looked at again', () => {
    const old = policy({ matchConditions: [{ name: 'a', expression: '1' }] })
    expect(validateUpdate(structuredClone(old), old)).toEqual([])
    const changed = policy({ matchConditions: [{ name: 'b', expression: '1' }] })
    expect(validateUpdate(changed, old)).toHaveLength(1)
  })
})

describe('a MutatingAdmissionPolicy', () => {
  const apply = (expression: string): object => ({
    patchType: 'ApplyConfiguration',
    applyConfiguration: { expression },
  })
  const json = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } })
  const policy = (spec: object): MutatingAdmissionPolicy => {
    const made = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicy',
      metadata: { name: 'one' },
      spec: { matchConstraints: structuredClone(matchConstraints), reinvocationPolicy: 'Never', ...spec },
    } as MutatingAdmissionPolicy
    mutatingDefaults(made)
    return made
  }
  it.each<[string, object, string[]]>([
    ['apply', { mutations: [apply('Object{spec: Object.spec{replicas: object.spec.replicas + 1}}')] }, []],
    [
      'patch',
      { mutations: [json('[JSONPatch{op: "add", path: "/a/" + jsonpatch.escapeKey("b"), value: Object.a{c: 1}}]')] },
      [],
    ],
    ['nothing', { mutations: [] }, ['spec.mutations: Required value: mutations must contain at least one item']],
    [
      'types',
      { mutations: [apply('1'), json('Object{}')] },
      [
        'spec.mutations[0].applyConfiguration.expression: Invalid value: "1": must evaluate to Object but got int',
        'spec.mutations[1].jsonPatch.expression: Invalid value: "Object{}": must evaluate to list(JSONPatch) but got Object',
      ],
    ],
    [
      'no such field',
      { mutations: [json('[JSONPatch{what: "add"}]')] },
      [
        `spec.mutations[0].jsonPatch.expression: Invalid value: "[JSONPatch{what: \\"add\\"}]": compilation failed: ERROR: <input>:1:16: undefined field 'what'\n | [JSONPatch{what: "add"}]\n | ...............^`,
      ],
    ],
    [
      'both',
      {
        mutations: [
          { ...apply('Object{}'), ...json('[]'), patchType: 'JSONPatch' },
          { patchType: 'ApplyConfiguration' },
        ],
      },
      [
        'spec.mutations[0].jsonPatch.expression: Invalid value: "[]": must evaluate to list(JSONPatch) but got list(dyn)',
        'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
        'spec.mutations[1].applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration',
      ],
    ],
    [
      'kind of patch',
      { mutations: [{ patchType: 'Magic' }] },
      ['spec.mutations[0].patchType: Unsupported value: "Magic": supported values: "ApplyConfiguration", "JSONPatch"'],
    ],
    [
      'deletes',
      { mutations: [apply('Object{}')], matchConstraints: { resourceRules: [{ ...rule, operations: ['DELETE'] }] } },
      [
        'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
      ],
    ],
    [
      'reinvocation',
      { mutations: [apply('Object{}')], reinvocationPolicy: undefined },
      ['spec.reinvocationPolicy: Required value'],
    ],
  ])('%s', (_, spec, wanted) => {
    expect(validateMutating(policy(spec)).map(errorText)).toEqual(wanted)
  })
})

describe('bindings', () => {
  const validating = (spec: object): string[] => {
    const made = {
      spec: { policyName: 'p', validationActions: ['Deny'], ...spec },
    } as unknown as ValidatingAdmissionPolicyBinding
    validatingBindingDefaults(made)
    return validateValidatingBinding(made).map(errorText)
  }
  const mutating = (spec: object): string[] => {
    const made = { spec: { policyName: 'p', ...spec } } as unknown as MutatingAdmissionPolicyBinding
    mutatingBindingDefaults(made)
    return validateMutatingBinding(made).map(errorText)
  }
  it.each<[string, object, string[]]>([
    ['fine', {}, []],
    ['no policy', { policyName: '' }, ['spec.policyName: Required value']],
    [
      'no action',
      { validationActions: [] },
      ['spec.validationActions: Required value: at least one validation action is required'],
    ],
    [
      'actions',
      { validationActions: ['Deny', 'Deny', 'Laugh'] },
      [
        'spec.validationActions[1]: Duplicate value: "Deny"',
        'spec.validationActions[2]: Unsupported value: "Laugh": supported values: "Audit", "Deny", "Warn"',
      ],
    ],
    [
      'twice told',
      { validationActions: ['Deny', 'Warn'] },
      [
        'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ],
    ],
    [
      'no parameters',
      { paramRef: { parameterNotFoundAction: 'Deny' } },
      ['spec.paramRef: Required value: one of name or selector must be specified'],
    ],
    [
      'two ways',
      { paramRef: { name: 'a', selector: {} } },
      [
        'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
        'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
        'spec.paramRef.parameterNotFoundAction: Required value',
      ],
    ],
  ])('%s', (_, spec, wanted) => {
    expect(validating(spec)).toEqual(wanted)
  })

  it('of a mutating policy mean no deletes', () => {
    expect(mutating({ matchResources: { resourceRules: [{ ...rule, operations: ['DELETE'] }] } })).toEqual([
      'spec.matchResources.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
    ])
    expect(mutating({})).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import type { ValidatingAdmissionPolicy } from '@kubets/shared/api/types/admissionregistration-v1.ts'
import { plan } from './plan.ts'

const rule = (group: string, version: string, ...resources: string[]) => ({
  apiGroups: [group],
  apiVersions: [version],
  operations: ['CREATE'],
  resources,
})

function policy(spec: object, status?: object): ValidatingAdmissionPolicy {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'one', generation: 2 },
    spec: { matchConstraints: { resourceRules: [rule('apps', 'v1', 'deployments')] }, ...spec },
    ...(status ? { status } : {}),
  } as ValidatingAdmissionPolicy
}

const fine = { validations: [{ expression: 'object.spec.replicas > 1' }] }

describe('the status of a policy', () => {
  it('says that nothing is wrong', () => {
    expect(plan(policy(fine, { observedGeneration: 1 }))).toEqual({ observedGeneration: 2, typeChecking: {} })
  })

  it('is left alone once it is there', () => {
    expect(plan(policy(fine, { observedGeneration: 2, typeChecking: {} }))).toBeUndefined()
  })

  it('names what does not fit the type', () => {
    const validations = [
      {
        expression: "object.spec.replicas > '1'",
        messageExpression: "'wants replicas > 1, got ' + object.spec.replicas",
      },
    ]
    expect(plan(policy({ validations }))?.typeChecking?.expressionWarnings).toEqual([
      {
        fieldRef: 'spec.validations[0].expression',
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'\n" +
          " | object.spec.replicas > '1'\n | .....................^\n",
      },
      {
        fieldRef: 'spec.validations[0].messageExpression',
        warning: expect.stringContaining("found no matching overload for '_+_' applied to '(string, int)'") as string,
      },
    ])
  })

  it.each([
    [
      "object.spec.template.spec.containers.all(c, c.image.startsWith('x') && c.ports.exists(p, p.containerPort == 80))",
      '',
    ],
    ["object.metadata.labels['a'] == 'b' && object.metadata.creationTimestamp < timestamp('2020-01-01T00:00:00Z')", ''],
    ['object.spec.strategy.rollingUpdate.maxSurge == 1', ''],
    ['object.spec.foo', "undefined field 'foo'"],
    ['object.spec.template.spec.containers[0].resources.limits.cpu == 1', "applied to '(string, int)'"],
    ['params.data.x == object.metadata.name', ''],
    ['params.data.x == 1', "applied to '(string, int)'"],
    ['variables.n + 1 == 2', ''],
    ["variables.n + 'a' == 'b'", "applied to '(int, string)'"],
  ])('of %s: %j', (expression, problem) => {
    const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' }
    const variables = [{ name: 'n', expression: 'object.spec.replicas' }]
    const status = plan(policy({ paramKind, variables, validations: [{ expression }] }))
    const warnings = status?.typeChecking?.expressionWarnings ?? []
    if (problem === '') expect(warnings).toEqual([])
    else expect(warnings).toMatchObject([{ warning: expect.stringContaining(problem) as string }])
  })

  it('checks each kind, and none where a rule is about any', () => {
    const validations = [{ expression: 'object.spec.replicas.x' }]
    const both = { resourceRules: [rule('apps', 'v1', 'replicasets', 'deployments', 'deployments/status', 'nothings')] }
    const [warning] = plan(policy({ validations, matchConstraints: both }))?.typeChecking?.expressionWarnings ?? []
    expect(warning?.warning).toMatch(/^apps\/v1, Kind=Deployment: [^]*\n\napps\/v1, Kind=ReplicaSet: [^]*\^\n$/)
    const any = { resourceRules: [rule('*', 'v1', 'deployments')] }
    expect(plan(policy({ validations, matchConstraints: any }))?.typeChecking).toEqual({})
  })
})

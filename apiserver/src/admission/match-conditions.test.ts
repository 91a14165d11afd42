import { describe, expect, it } from 'vitest'
import { findKind } from '@kubets/shared/api/kinds/index.ts'
import type { Authorizer } from '../auth/attributes.ts'
import type { AdmissionRequest } from '../registry/types.ts'
import type { Inputs } from './expression-run.ts'
import { compileConditions, matchConditions } from './match-conditions.ts'

const kind = findKind('apps', 'v1', 'deployments')
if (kind === undefined) throw new Error('there are Deployments')
const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 3 } }
const asked: string[] = []
const authorizer: Authorizer = {
  authorize({ user, verb, resource, apiGroup, namespace, name }) {
    asked.push(`${user.name} ${verb} ${apiGroup}/${resource} ${namespace}/${name}`)
    return { verdict: verb === 'get' ? 'allow' : 'none', reason: 'because' }
  },
}
const request: AdmissionRequest = {
  operation: 'CREATE',
  kind,
  namespace: 'one',
  name: 'web',
  subresource: '',
  object,
  dryRun: false,
  user: { name: 'jo', groups: ['g'] },
  warn: () => undefined,
  annotate: () => undefined,
  signal: new AbortController().signal,
}
const inputs: Inputs = { matched: { request, kind, object }, authorizer }

const match = (failurePolicy: string, ...expressions: string[]) =>
  matchConditions(
    compileConditions(expressions.map((expression, i) => ({ name: `c${i}`, expression }))),
    inputs,
    failurePolicy,
  )

const tooMuch = `[${'0,'.repeat(300)}].all(a, [${'0,'.repeat(300)}].all(b, [${'0,'.repeat(300)}].all(c, a == b)))`
const error = (name: string): string => `expression 'object.spec.${name} == 1' resulted in error: no such key: ${name}`

describe('conditions', () => {
  it.each<[string, string[], object]>([
    ['none', [], { matches: true }],
    ['all hold', ['object.spec.replicas == 3', ' oldObject == null '], { matches: true }],
    ['one does not', ['true', 'object.spec.replicas == 4'], { matches: false }],
    ['a false one decides over an error', ['object.spec.a == 1', 'false'], { matches: false }],
    ['an error', ['object.spec.a == 1', 'true'], { problem: error('a') }],
    ['errors', ['object.spec.a == 1', 'object.spec.b == 1'], { problem: `[${error('a')}, ${error('b')}]` }],
    ['what asks', ["request.userInfo.username == 'jo' && 'g' in request.userInfo.groups"], { matches: true }],
    ['where', ["request.namespace == 'one' && request.name == 'web' && !request.dryRun"], { matches: true }],
    ['what', ["request.kind.kind == 'Deployment' && request.resource.group == 'apps'"], { matches: true }],
    ['no subresource', ['!has(request.subResource)'], { matches: true }],
    ['no namespace object', ['namespaceObject == null'], { matches: true }],
    ['who may', ["authorizer.requestResource.check('get').allowed()"], { matches: true }],
    ['who may not', ["authorizer.requestResource.check('delete').allowed()"], { matches: false }],
    ['why', ["authorizer.path('/x').check('get').reason() == 'because'"], { matches: true }],
    [
      'three questions are too many',
      ["[1, 2, 3].all(i, authorizer.path('/x').check('get').allowed())"],
      {
        problem:
          "expression '[1, 2, 3].all(i, authorizer.path('/x').check('get').allowed())' resulted in error: operation " +
          'cancelled: actual cost limit exceeded',
      },
    ],
    [
      'too much together',
      [tooMuch, tooMuch, tooMuch],
      { problem: 'validation failed due to running out of cost budget, no further validation rules will be run' },
    ],
  ])('%s', (_, expressions, wanted) => {
    expect(match('Fail', ...expressions)).toEqual(wanted)
  })

  it('that fail do not match where failures are ignored', () => {
    expect(match('Ignore', 'object.spec.a == 1')).toEqual({ matches: false })
  })

  it('ask for whom they name', () => {
    asked.length = 0
    match(
      'Fail',
      "authorizer.serviceAccount('ns', 'sa').group('').resource('pods').namespace('x').name('p').check('get').allowed()",
    )
    match('Fail', "authorizer.requestResource.check('get').allowed()")
    expect(asked).toEqual(['system:serviceaccount:ns:sa get /pods x/p', 'jo get apps/deployments one/web'])
  })
})

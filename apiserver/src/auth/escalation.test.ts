import type { PolicyRule } from '@kubets/shared/api/types/rbac-v1.ts'
import { describe, expect, it } from 'vitest'
import { escalation } from './escalation.ts'
import { paths, rule } from './policy-rule.ts'

const jane = { name: 'jane', groups: ['a', 'system:authenticated'] }
const head =
  'user "jane" (groups=["a" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'

describe('escalation', () => {
  it.each<[string, PolicyRule[], PolicyRule[], string | undefined]>([
    ['nothing', [], [], undefined],
    ['the same', [rule('get list', '', 'pods')], [rule('get', '', 'pods')], undefined],
    ['everything', [rule('*', '*', '*')], [rule('get', 'apps', 'deployments/scale', 'a')], undefined],
    [
      'from several rules',
      [rule('get', '', 'pods'), rule('list', '', 'pods')],
      [rule('get list', '', 'pods')],
      undefined,
    ],
    ['a subresource of all', [rule('get', 'apps', '*/scale')], [rule('get', 'apps', 'deployments/scale')], undefined],
    ['a path below', [paths('get', '/a/*')], [paths('get', '/a/b')], undefined],
    [
      'verbs',
      [rule('get', '', 'pods')],
      [rule('get list watch', '', 'pods secrets')],
      `${head}{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}\n` +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list" "watch"]}',
    ],
    [
      'all by one of its names',
      [rule('get', '', 'pods', 'a')],
      [rule('get', '', 'pods')],
      `${head}{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`,
    ],
    [
      'another name',
      [rule('get', '', 'pods', 'a')],
      [rule('get', '', 'pods', 'a', 'b')],
      `${head}{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}`,
    ],
    [
      'the wildcard by its parts',
      [rule('get', '', 'pods')],
      [rule('*', '', 'pods')],
      `${head}{APIGroups:[""], Resources:["pods"], Verbs:["*"]}`,
    ],
    ['paths', [paths('get', '/a')], [paths('get', '/a/b')], `${head}{NonResourceURLs:["/a/b"], Verbs:["get"]}`],
  ])('%s', (_, held, wanted, text) => {
    expect(escalation(jane, held, wanted)).toBe(text)
  })
})

import type { LabelSelector } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { ClusterRole, PolicyRule } from '@kubets/shared/api/types/rbac-v1.ts'
import { describe, expect, it } from 'vitest'
import { plan } from './plan.ts'

const rule = (resource: string): PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources: [resource] })
const role = (name: string, labels: Record<string, string>, rules: PolicyRule[], selects?: string): ClusterRole => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name, labels },
  rules,
  ...(selects === undefined ? {} : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: selects } }] } }),
})

describe('plan', () => {
  const others = [
    role('c', { to: 'view' }, [rule('c'), rule('a')]),
    role('b', { to: 'edit' }, [rule('b')]),
    role('a', { to: 'view' }, [rule('a')]),
  ]

  const selecting = (...clusterRoleSelectors: LabelSelector[]): ClusterRole => ({
    ...role('x', {}, [rule('x')]),
    aggregationRule: { clusterRoleSelectors },
  })

  it('gathers rules that differ in anything', () => {
    const narrow = { ...rule('a'), resourceNames: ['one'] }
    const found = plan(role('x', {}, [], 'view'), [...others, role('d', { to: 'view' }, [narrow, rule('a')])])
    expect(found).toEqual([rule('a'), rule('c'), narrow])
  })

  it.each<[string, ClusterRole, PolicyRule[] | undefined]>([
    ['gathers nothing', role('x', {}, [rule('x')]), undefined],
    ['gathers by name, each rule once', role('x', {}, [rule('x')], 'view'), [rule('a'), rule('c')]],
    ['has them', role('x', {}, [rule('a'), rule('c')], 'view'), undefined],
    ['gathers from nobody', role('x', {}, [rule('x')], 'nobody'), []],
    ['does not gather its own', role('x', { to: 'x' }, [], 'x'), undefined],
    ['has them in another order', role('x', {}, [rule('c'), rule('a')], 'view'), [rule('a'), rule('c')]],
    ['has one too many', role('x', {}, [rule('a'), rule('c'), rule('z')], 'view'), [rule('a'), rule('c')]],
    ['has nothing, and gathers from nobody', role('x', {}, [], 'nobody'), undefined],
    [
      'has no list of rules, and gathers from nobody',
      { ...role('x', {}, [], 'nobody'), rules: undefined } as never,
      undefined,
    ],
    [
      'gathers by several selectors, in their order',
      selecting({ matchLabels: { to: 'edit' } }, { matchLabels: { to: 'view' } }),
      [rule('b'), rule('a'), rule('c')],
    ],
    [
      'gathers once what two selectors find',
      selecting({ matchLabels: { to: 'view' } }, { matchLabels: { to: 'view' } }),
      [rule('a'), rule('c')],
    ],
    [
      'gathers by expressions',
      selecting({ matchExpressions: [{ key: 'to', operator: 'In', values: ['edit', 'view'] }] }),
      [rule('a'), rule('b'), rule('c')],
    ],
    ['gathers from all by an empty selector', selecting({}), [rule('a'), rule('b'), rule('c')]],
    ['has no selectors', selecting(), []],
  ])('%s', (_, one, rules) => {
    expect(plan(one, [one, ...others])).toEqual(rules)
  })
})

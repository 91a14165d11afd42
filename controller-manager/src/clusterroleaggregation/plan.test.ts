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

  it.each<[string, ClusterRole, PolicyRule[] | undefined]>([
    ['gathers nothing', role('x', {}, [rule('x')]), undefined],
    ['gathers by name, each rule once', role('x', {}, [rule('x')], 'view'), [rule('a'), rule('c')]],
    ['has them', role('x', {}, [rule('a'), rule('c')], 'view'), undefined],
    ['gathers from nobody', role('x', {}, [rule('x')], 'nobody'), []],
    ['does not gather its own', role('x', { to: 'x' }, [], 'x'), undefined],
  ])('%s', (_, one, rules) => {
    expect(plan(one, [one, ...others])).toEqual(rules)
  })
})

import { describe, expect, it } from 'vitest'
import { controllerRoles, namespacedRoles } from './bootstrap-controller-roles.ts'
import { bootstrapClusterRoleBindings, bootstrapClusterRoles } from './bootstrap-roles.ts'
import { missingRules } from './escalation.ts'
import { rule } from './policy-rule.ts'
import { withRules } from './reconcile-rbac.ts'

describe('what every cluster has', () => {
  it('names each role once, and binds those that there are', () => {
    const names = bootstrapClusterRoles.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name } of bootstrapClusterRoleBindings) expect(names).toContain(name)
    const local = namespacedRoles.map(({ namespace, name }) => `${namespace}/${name}`)
    expect(local.toSorted()).toEqual([
      'kube-public/system:controller:bootstrap-signer',
      'kube-system/extension-apiserver-authentication-reader',
      'kube-system/system::leader-locking-kube-controller-manager',
      'kube-system/system::leader-locking-kube-scheduler',
      'kube-system/system:controller:bootstrap-signer',
      'kube-system/system:controller:cloud-provider',
      'kube-system/system:controller:token-cleaner',
    ])
  })

  it('lets no controller approve more than it should', () => {
    const approves = controllerRoles.flatMap(({ rules }) => rules).filter(({ verbs }) => verbs.includes('approve'))
    expect(approves.map(({ resourceNames }) => resourceNames)).toEqual([
      ['kubernetes.io/kube-apiserver-client-kubelet'],
    ])
  })
})

describe('withRules', () => {
  const role = (...rules: ReturnType<typeof rule>[]) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'a' },
    rules,
  })

  it('gives back what was taken, and leaves what was added or is said in other words', () => {
    const wanted = role(rule('get list', '', 'pods'), rule('get', 'apps', 'deployments'))
    const added = rule('get', 'batch', 'jobs')
    expect(withRules(role(added), wanted)?.rules).toEqual([added, ...wanted.rules])
    expect(
      withRules(role(rule('list', '', 'pods'), rule('get', '', 'pods'), wanted.rules[1] ?? added), wanted),
    ).toBeUndefined()
    expect(missingRules([rule('*', '*', '*')], wanted.rules)).toEqual([])
  })
})

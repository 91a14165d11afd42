import type { Authorizer, Decision } from './attributes.ts'
import { noOpinion } from './attributes.ts'
import { bootstrapClusterRoles } from './bootstrap-roles.ts'
import { ruleAllows } from './rbac-rules.ts'
import { nodeNameOf } from './user.ts'

const allow: Decision = { verdict: 'allow', reason: '' }
const nodeRules = bootstrapClusterRoles.find((role) => role.name === 'system:node')?.rules ?? []

// plugin/pkg/auth/authorizer/node/node_authorizer.go NodeAuthorizer.Authorize, without its graph of which Pod uses what
/** What a kubelet needs: the rules of system:node, but leases and CSINodes only under its own name. */
export const nodeAuthorizer: Authorizer = {
  authorize(attributes) {
    const node = nodeNameOf(attributes.user)
    if (node === undefined) return noOpinion
    if (attributes.resource === 'leases' && attributes.apiGroup === 'coordination.k8s.io') {
      if (attributes.namespace !== 'kube-node-lease')
        return no(`can only access leases in the "kube-node-lease" system namespace`)
      if (attributes.verb !== 'create' && attributes.name !== node)
        return no(`can only access node lease with the same name as the requesting node`)
    }
    if (attributes.resource === 'csinodes' && attributes.verb !== 'create' && attributes.name !== node) {
      return no(`can only access CSINode with the same name as the requesting node`)
    }
    // authorizeServiceAccount: credential providers of images are told of who runs a Pod
    const { apiGroup, resource, subresource, verb } = attributes
    if (apiGroup === '' && resource === 'serviceaccounts' && subresource === '' && verb === 'get') return allow
    return nodeRules.some((rule) => ruleAllows(rule, attributes)) ? allow : noOpinion
  },
}

const no = (reason: string): Decision => ({ verdict: 'none', reason })

import type { Authorizer } from '../../auth/attributes.ts'
import type { Lookup } from '../../auth/lookup.ts'
import { nodeNameOf } from '../../auth/user.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { AdmissionRequest } from '../../registry/types.ts'
import { refuse, type Plugin } from '../plugin.ts'
import { claimProblem, csiNodeProblem, leaseProblem, signingProblem, sliceProblem } from './others.ts'
import { nodeProblem } from './nodes.ts'
import { podProblem } from './pods.ts'
import { tokenProblem } from './tokens.ts'

type Problem = string | undefined

// plugin/pkg/admission/noderestriction/admission.go Plugin.Admit
/** A kubelet changes its own Node, the Pods bound to it, and nothing else. */
export function nodeRestriction(lookup: Lookup, authorizer: Authorizer): Plugin {
  const problems: Readonly<Record<string, (request: AdmissionRequest, node: string) => Problem | Promise<Problem>>> = {
    '/pods': (request, node) => podProblem(request, node, lookup),
    '/nodes': nodeProblem,
    '/persistentvolumeclaims': claimProblem,
    'coordination.k8s.io/leases': leaseProblem,
    'storage.k8s.io/csinodes': csiNodeProblem,
    'resource.k8s.io/resourceslices': sliceProblem,
    'certificates.k8s.io/certificatesigningrequests': signingProblem,
  }
  return {
    // before the audiences that nobody asked for are filled in
    async mutate(request) {
      const node = nodeNameOf(request.user)
      if (node === undefined || request.operation !== 'CREATE' || request.subresource !== 'token') return
      const problem = await tokenProblem(request, node, lookup, authorizer)
      if (problem !== undefined) throw refuse(request, problem)
    },
    async validate(request) {
      const node = nodeNameOf(request.user)
      if (node === undefined) return
      if (node === '') throw refuse(request, `could not determine node from user ${quote(request.user?.name ?? '')}`)
      const { group, plural } = request.kind
      const problem = await problems[`${group}/${plural}`]?.(request, node)
      if (problem !== undefined) throw refuse(request, problem)
    },
  }
}

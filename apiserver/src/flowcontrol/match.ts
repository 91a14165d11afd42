import type {
  FlowSchema,
  NonResourcePolicyRule,
  ResourcePolicyRule,
  Subject,
} from '@kubets/shared/api/types/flowcontrol-v1.ts'
import type { UserInfo } from '../registry/types.ts'

/** What of a request decides where it belongs. */
export interface Digest {
  user: UserInfo
  verb: string
  isResourceRequest: boolean
  apiGroup: string
  apiVersion: string
  resource: string
  subresource: string
  namespace: string
  name: string
  path: string
}

/** The order in which schemas are tried: the first that matches has the request. */
export function inOrder(schemas: readonly FlowSchema[]): FlowSchema[] {
  return schemas.toSorted(
    (a, b) =>
      a.spec.matchingPrecedence - b.spec.matchingPrecedence ||
      ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1),
  )
}

// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/rule.go matchesFlowSchema
export function matches({ spec }: FlowSchema, digest: Digest): boolean {
  return (spec.rules ?? []).some(
    ({ subjects, resourceRules = [], nonResourceRules = [] }) =>
      (digest.isResourceRequest
        ? resourceRules.some((rule) => matchesResource(rule, digest))
        : nonResourceRules.some((rule) => matchesPath(rule, digest))) &&
      subjects.some((subject) => matchesSubject(subject, digest.user)),
  )
}

function matchesSubject({ kind, user, group, serviceAccount }: Subject, { name, groups }: UserInfo): boolean {
  if (kind === 'User') return user?.name === '*' || user?.name === name
  if (kind === 'Group') return group?.name === '*' || groups.includes(group?.name ?? '')
  if (serviceAccount === undefined) return false
  const prefix = `system:serviceaccount:${serviceAccount.namespace}:`
  if (serviceAccount.name === '*') return name.startsWith(prefix)
  return name === prefix + serviceAccount.name
}

const has = (list: readonly string[], value: string): boolean => list.includes(value) || list.includes('*')

function matchesResource(rule: ResourcePolicyRule, digest: Digest): boolean {
  const { resource, subresource } = digest
  return (
    has(rule.verbs, digest.verb) &&
    has(rule.apiGroups, digest.apiGroup) &&
    has(rule.resources, subresource === '' ? resource : `${resource}/${subresource}`) &&
    (digest.namespace === '' ? rule.clusterScope === true : has(rule.namespaces ?? [], digest.namespace))
  )
}

function matchesPath({ verbs, nonResourceURLs }: NonResourcePolicyRule, { verb, path }: Digest): boolean {
  if (!has(verbs, verb)) return false
  return nonResourceURLs.some((url) => {
    if (url === '*' || url === path) return true
    return url.endsWith('/*') && path.startsWith(url.slice(0, -1))
  })
}

/** What tells the flows of a schema apart: two requests with the same text are of one flow. */
export function distinguisherOf({ spec }: FlowSchema, { user, namespace }: Digest): string {
  switch (spec.distinguisherMethod?.type) {
    case 'ByUser':
      return user.name
    case 'ByNamespace':
      return namespace
    default:
      return ''
  }
}

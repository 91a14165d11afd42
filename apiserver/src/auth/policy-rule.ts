import type { PolicyRule } from '@kubets/shared/api/types/rbac-v1.ts'

export const read = 'get list watch'
export const write = 'create update patch delete deletecollection'
export const readWrite = `${read} ${write}`

/** A rule from words separated by blanks; a leading blank in `groups` stands for the core group besides others. */
export function rule(verbs: string, groups: string, resources: string, ...resourceNames: string[]): PolicyRule {
  return {
    verbs: verbs.split(' '),
    apiGroups: groups.split(' '),
    resources: resources.split(' '),
    ...(resourceNames.length > 0 ? { resourceNames } : {}),
  }
}

/** A rule for URLs that are no resources. */
export function paths(verbs: string, urls: string): PolicyRule {
  return { verbs: verbs.split(' '), nonResourceURLs: urls.split(' ') }
}

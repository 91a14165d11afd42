import type { PolicyRule } from '@kubets/shared/api/types/rbac-v1.ts'

export const read = 'get list watch'
export const write = 'create update patch delete deletecollection'
export const readWrite = `${read} ${write}`

/**
 * A rule from words separated by blanks, sorted as upstream does; a leading blank in `groups` stands for the core group
 * besides others.
 */
// pkg/apis/rbac/v1/helpers.go PolicyRuleBuilder.Rule
export function rule(verbs: string, groups: string, resources: string, ...resourceNames: string[]): PolicyRule {
  return {
    verbs: sorted(verbs),
    apiGroups: sorted(groups),
    resources: sorted(resources),
    ...(resourceNames.length > 0 ? { resourceNames: resourceNames.toSorted() } : {}),
  }
}

/** A rule for URLs that are no resources. */
export function paths(verbs: string, urls: string): PolicyRule {
  return { verbs: sorted(verbs), nonResourceURLs: sorted(urls) }
}

const sorted = (words: string): string[] => words.split(' ').sort()

import type { PolicyRule } from '@kubets/shared/api/types/rbac-v1.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { UserInfo } from '../registry/types.ts'

/**
 * Why a user who holds `held` may not give `wanted` to somebody; undefined when every right that it has is among them.
 */
// pkg/registry/rbac/validation/rule.go ConfirmNoEscalation
export function escalation(
  user: UserInfo,
  held: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): string | undefined {
  const missing = wanted.flatMap(singleRights).filter((right) => !held.some((rule) => covers(rule, right)))
  if (missing.length === 0) return undefined
  const descriptions = [...new Set(compacted(missing).map(ruleText))].sort()
  const who = `user ${quote(user.name)} (groups=${listText(user.groups)})`
  return `${who} is attempting to grant RBAC permissions not currently held:\n${descriptions.join('\n')}`
}

/** The rules that give anything that those held do not. */
export const missingRules = (held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] =>
  wanted.filter((one) => singleRights(one).some((right) => !held.some((rule) => covers(rule, right))))

/** Rules that each have one verb and one thing. */
// component-helpers/auth/rbac/validation/policy_comparator.go BreakdownRule
function singleRights(rule: PolicyRule): PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const names = resourceNames.length === 0 ? [undefined] : resourceNames
  return [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          names.map((name) => ({
            verbs: [verb],
            apiGroups: [group],
            resources: [resource],
            ...(name === undefined ? {} : { resourceNames: [name] }),
          })),
        ),
      ),
    ),
    ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ verbs: [verb], nonResourceURLs: [url] }))),
  ]
}

const hasAll = (owned: readonly string[], wanted: readonly string[]): boolean =>
  wanted.every((one) => owned.includes(one))

// component-helpers/auth/rbac/validation/policy_comparator.go ruleCovers
function covers(owner: PolicyRule, right: PolicyRule): boolean {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = owner
  if (!owner.verbs.includes('*') && !hasAll(owner.verbs, right.verbs)) return false
  if (right.nonResourceURLs !== undefined) return right.nonResourceURLs.every((url) => coversUrl(nonResourceURLs, url))
  if (!apiGroups.includes('*') && !hasAll(apiGroups, right.apiGroups ?? [])) return false
  if (!(right.resources ?? []).every((resource) => coversResource(resources, resource))) return false
  if (resourceNames.length === 0) return true
  return right.resourceNames !== undefined && hasAll(resourceNames, right.resourceNames)
}

function coversResource(owned: readonly string[], wanted: string): boolean {
  if (owned.includes('*') || owned.includes(wanted)) return true
  const slash = wanted.indexOf('/')
  return slash >= 0 && owned.includes(`*${wanted.slice(slash)}`)
}

const coversUrl = (owned: readonly string[], wanted: string): boolean =>
  owned.some((url) => url === wanted || (url.endsWith('*') && wanted.startsWith(url.replace(/\*+$/, ''))))

/** One rule for all verbs of the same thing. */
// pkg/registry/rbac/validation/policy_compact.go CompactRules
function compacted(rights: readonly PolicyRule[]): PolicyRule[] {
  const byThing = Map.groupBy(rights, ({ verbs, ...thing }) =>
    thing.nonResourceURLs === undefined ? JSON.stringify(thing) : JSON.stringify({ verbs, ...thing }),
  )
  return Array.from(byThing.values(), (same) => ({ ...same[0], verbs: same.flatMap(({ verbs }) => verbs) }))
}

// pkg/apis/rbac/v1/helpers.go CompactString
function ruleText({
  apiGroups = [],
  resources = [],
  nonResourceURLs = [],
  resourceNames = [],
  verbs,
}: PolicyRule): string {
  const parts: [string, readonly string[]][] = [
    ['APIGroups', apiGroups],
    ['Resources', resources],
    ['NonResourceURLs', nonResourceURLs],
    ['ResourceNames', resourceNames],
    ['Verbs', verbs],
  ]
  const said = parts.filter(([, list]) => list.length > 0).map(([name, list]) => `${name}:${listText(list)}`)
  return `{${said.join(', ')}}`
}

/** As Go's %q prints a list. */
const listText = (list: readonly string[]): string => `[${list.map(quote).join(' ')}]`

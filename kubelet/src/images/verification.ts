// For which images that are there already a Pod has to prove that it may have them: pure.
// pkg/kubelet/images/pullmanager/image_pull_policies.go
import { quote } from '@kubets/shared/machinery/quote.ts'
import { repositoryOf } from './keyring.ts'

/** Whether that has to be proved for an image, which the kubelet has pulled once or somebody else has brought. */
export type Verification = (image: string, pulledByKubelet: boolean) => boolean

/** The values of imagePullCredentialsVerificationPolicy. pkg/kubelet/apis/config/types.go */
export const verificationPolicies = [
  'NeverVerify',
  'NeverVerifyPreloadedImages',
  'NeverVerifyAllowlistedImages',
  'AlwaysVerify',
] as const

/** @throws Error when a pattern of the list is none */
// NewImagePullCredentialVerificationPolicy
export function verificationOf(policy: string, allowlist: readonly string[]): Verification {
  switch (policy) {
    case 'NeverVerify':
      return () => false
    case 'NeverVerifyPreloadedImages':
      return (_, pulledByKubelet) => pulledByKubelet
    case 'NeverVerifyAllowlistedImages':
      return notOn(allowlist.map(patternOf))
    case 'AlwaysVerify':
      return () => true
    default:
      throw new Error(`unknown image pull credential verification policy: ${policy}`)
  }
}

/** Repositories: one, or with a slash at the end all below it. */
function notOn(patterns: readonly string[]): Verification {
  const whole = new Set(patterns.filter((one) => !one.endsWith('/')))
  const prefixes = patterns.filter((one) => one.endsWith('/'))
  return (image) => {
    const repository = repositoryOf(image)
    return !whole.has(repository) && !prefixes.some((prefix) => repository.startsWith(prefix))
  }
}

/** What is wrong with the first pattern that is none; undefined when all are. ValidateAllowlistImagesPatterns */
export function allowlistProblem(allowlist: readonly string[]): string | undefined {
  try {
    allowlist.forEach(patternOf)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const wildcard = '/*'

// getAllowlistImagePattern
function patternOf(pattern: string): string {
  if (pattern !== pattern.trim()) throw new Error(`leading/trailing spaces are not allowed: ${pattern}`)
  const below = pattern.endsWith(wildcard)
  const name = below ? pattern.slice(0, -1) : pattern
  if (name === '') throw new Error(`the supplied pattern is too short: ${pattern}`)
  if (name.includes('*')) {
    throw new Error(`not a valid wildcard pattern, only patterns ending with '/*' are allowed: ${pattern}`)
  }
  if (below) {
    if (name === '/') throw new Error('at least registry hostname is required')
    return name
  }
  const problem = nameProblem(name)
  if (problem) throw new Error(`failed to parse as an image name: ${problem}`)
  if (name !== repositoryOf(name)) {
    throw new Error(`neither tag nor digest is accepted in an image reference: ${pattern}`)
  }
  return name
}

const part = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/
const longestName = 255

// github.com/distribution/reference ParseNormalizedNamed
function nameProblem(name: string): string | undefined {
  const repository = repositoryOf(name)
  const path = repository.slice(repository.indexOf('/') + 1)
  if (path !== path.toLowerCase()) {
    return `invalid reference format: repository name (${path}) must be lowercase`
  }
  if (name.length > longestName) return `repository name must not be more than ${longestName} characters`
  return path.split('/').every((one) => part.test(one)) ? undefined : 'invalid reference format'
}

/** What upstream says of a policy that there is not. pkg/kubelet/apis/config/validation/validation.go */
export function policyProblem(policy: string): string | undefined {
  if ((verificationPolicies as readonly string[]).includes(policy)) return undefined
  const known = verificationPolicies.map(quote)
  const valid = `${known.slice(0, -1).join(', ')} or ${known.at(-1) ?? ''}`
  return `option ${quote(policy)} specified for imagePullCredentialsVerificationPolicy. Valid options are ${valid}`
}

const pattern = /^v(\d+)(?:(alpha|beta)(\d+))?$/
const stages = { alpha: 0, beta: 1, ga: 2 }

/** Greater than 0 when `a` is the more stable or newer version: v2, v1, v1beta2, v1beta1, v1alpha1, then all others by name. */
// apimachinery/pkg/version/helpers.go CompareKubeAwareVersionStrings
export function compareKubeVersions(a: string, b: string): number {
  if (a === b) return 0
  const left = parse(a)
  const right = parse(b)
  if (!left || !right) return left ? 1 : right ? -1 : a < b ? 1 : -1
  return left.stage - right.stage || left.major - right.major || left.minor - right.minor
}

function parse(version: string): { stage: number; major: number; minor: number } | undefined {
  const [, major, stage, minor] = pattern.exec(version) ?? []
  if (major === undefined) return undefined
  return { stage: stages[(stage ?? 'ga') as keyof typeof stages], major: Number(major), minor: Number(minor ?? 0) }
}

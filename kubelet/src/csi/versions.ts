type Version = readonly number[]

// apimachinery/pkg/util/version/version.go ParseGeneric: at least two numbers, and what follows them does not count
const form = /^\s*v?(\d{1,9}(?:\.\d{1,9}){1,20})/

function parse(text: string): Version | undefined {
  const found = form.exec(text)?.[1]
  return found?.split('.').map(Number)
}

/** Negative when the version `a` is lower than `b`; what is missing is 0. */
export function compareVersions(a: string, b: string): number {
  const [left = [], right = []] = [parse(a), parse(b)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** The highest version of the interface that a driver has and that is spoken here. Throws when there is none. */
// pkg/volume/csi/csi_plugin.go highestSupportedVersion
export function highestVersion(versions: readonly string[]): string {
  let highest: string | undefined
  let problem = '<nil>'
  for (const version of versions.toReversed()) {
    const parsed = parse(version)
    if (!parsed) {
      problem = `could not parse "${version}" as version`
      continue
    }
    // what a later major version means is not known here
    if ((parsed[0] ?? 0) > 1) continue
    if (highest === undefined || compareVersions(highest, version) < 0) highest = version
  }
  if (highest === undefined) {
    const all = `[${versions.join(' ')}]`
    throw new Error(
      `could not find a highest supported version from versions (${all}) reported by this driver: ${problem}`,
    )
  }
  const shown = (parse(highest) ?? []).join('.')
  if (parse(highest)?.[0] !== 1)
    throw new Error(`highest supported version reported by driver is ${shown}, must be v1.x`)
  return shown
}

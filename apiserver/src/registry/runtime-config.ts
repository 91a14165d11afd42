import { betaKinds } from '@kubets/shared/api/kinds/beta.ts'
import { kinds } from '@kubets/shared/api/kinds/index.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { oldKinds } from '@kubets/shared/api/kinds/old/index.ts'

const levels = ['api/all', 'api/ga', 'api/beta', 'api/alpha'] as const
const levelPatterns: Record<(typeof levels)[number], RegExp> = {
  'api/all': /^v\d+/,
  'api/ga': /^v\d+$/,
  'api/beta': /^v\d+beta\d+$/,
  'api/alpha': /^v\d+alpha\d+$/,
}

/**
 * The kinds that are served: those of the table without the versions or resources switched off, and the older and the beta
 * versions switched on. Each setting is `group/version=true`, `group/version/resource=false`, `v1=…` for the core group, or
 * `api/all|ga|beta|alpha=…`; a later level counts over an earlier, a version over a level, a resource over its version.
 * Throws an Error that names a setting which means nothing.
 */
// apiserver/pkg/server/resourceconfig/helpers.go MergeAPIResourceConfigs
export function servedKinds(settings: readonly string[]): Kind[] {
  const wanted = new Map(settings.map(readSetting))
  const known = [...kinds, ...betaKinds, ...oldKinds]
  const versions = new Set(known.map(versionOf))
  for (const key of wanted.keys()) {
    if ((levels as readonly string[]).includes(key)) continue
    const version = versionInKey(key)
    if (version === undefined) throw new Error(`--runtime-config: ${key} is no group and version`)
    if (!versions.has(version)) throw new Error(`--runtime-config: unknown api groups ${version.split('/')[0]}`)
    const resource = key.slice(version.length + 1)
    if (resource && !known.some((kind) => versionOf(kind) === version && kind.plural === resource))
      throw new Error(`--runtime-config: ${version} has no resource ${resource}`)
  }
  const off = new Set<Kind>([...betaKinds, ...oldKinds])
  return known.filter((kind) => isWanted(kind, wanted, !off.has(kind)))
}

const versionOf = ({ group, version }: Kind): string => (group === '' ? version : `${group}/${version}`)

/** "apps/v1" of "apps/v1/deployments"; the core group's is "v1", also written "api/v1". */
function versionInKey(key: string): string | undefined {
  const [first = '', second] = key.split('/')
  if (/^v\d/.test(first)) return first
  return second === undefined || second === '' ? undefined : `${first}/${second}`
}

function readSetting(setting: string): [string, boolean] {
  const [key = '', value = 'true'] = setting.split('=')
  if (!/^(true|false|1|0|t|f|T|F|TRUE|FALSE|True|False|)$/.test(value))
    throw new Error(`--runtime-config: invalid value of ${key}: ${value}`)
  return [key.replace(/^api\/(?=v\d)/, ''), !/^(false|0|f)$/i.test(value)]
}

function isWanted(kind: Kind, wanted: ReadonlyMap<string, boolean>, byDefault: boolean): boolean {
  let answer = byDefault
  for (const level of levels) if (levelPatterns[level].test(kind.version)) answer = wanted.get(level) ?? answer
  const version = versionOf(kind)
  return wanted.get(`${version}/${kind.plural}`) ?? wanted.get(version) ?? answer
}

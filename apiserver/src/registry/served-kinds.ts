import { kinds as builtInKinds } from '@kubets/shared/api/kinds/index.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { compareKubeVersions } from '@kubets/shared/machinery/kube-version.ts'

export interface ServedVersion {
  readonly version: string
  /** The same array for as long as none of them changes: what is derived from it can be kept by it. */
  readonly kinds: readonly Kind[]
}

export interface ServedGroup {
  /** '' for the core group. */
  readonly name: string
  /** The preferred one first. */
  readonly versions: readonly ServedVersion[]
}

/** Brings what is served up to date with everything written before the call. */
export type CatchUp = (signal: AbortSignal) => Promise<void>

const resourceKey = (group: string, version: string, plural: string): string => `${group}/${version}/${plural}`
const kindKey = (group: string, version: string, kind: string): string =>
  `${group === '' ? '' : `${group}/`}${version}/${kind}`

/**
 * The kinds served now: those of the table, and those that sources (CustomResourceDefinitions) bring while the server
 * runs. Routing, discovery and OpenAPI ask here. A group and version of the table is never added to.
 */
export class ServedKinds {
  readonly #builtIn: readonly ServedGroup[]
  readonly #builtInVersions: ReadonlySet<string>
  readonly #sources = new Map<string, readonly Kind[]>()
  readonly #listeners = new Set<() => void>()
  readonly #catchUps: CatchUp[] = []
  #byResource = new Map<string, Kind>()
  #byKind = new Map<string, Kind>()
  #groups: readonly ServedGroup[]
  #generation = 1

  /** `builtIn`: those of the table that are served, which runtime-config.ts tells. */
  constructor(builtIn: readonly Kind[] = builtInKinds) {
    this.#builtIn = groupKinds(builtIn)
    this.#builtInVersions = new Set(builtIn.map(({ group, version }) => `${group}/${version}`))
    this.#groups = this.#builtIn
    this.#index()
  }

  /** Grows with every change: what is computed from the kinds holds for as long as it stays. */
  get generation(): number {
    return this.#generation
  }

  /** Those of the table in its order, then the others by name. */
  get groups(): readonly ServedGroup[] {
    return this.#groups
  }

  /** The kind under a path's group ('' for core), version and plural name. */
  find(group: string, version: string, plural: string): Kind | undefined {
    return this.#byResource.get(resourceKey(group, version, plural))
  }

  /** The kind an object names itself to be. */
  findByGVK(apiVersion: string, kind: string): Kind | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`)
  }

  /** As `find`; a kind that is not known yet is looked for once more when all that was written before is seen. */
  async findFresh(group: string, version: string, plural: string, signal: AbortSignal): Promise<Kind | undefined> {
    const found = this.find(group, version, plural)
    if (found || this.#builtInVersions.has(`${group}/${version}`)) return found
    await Promise.all(this.#catchUps.map((catchUp) => catchUp(signal)))
    return this.find(group, version, plural)
  }

  /** What a source serves from now on, in place of what it served before. */
  replace(source: string, kinds: readonly Kind[]): void {
    const before = this.#sources.get(source) ?? []
    if (before.length === kinds.length && kinds.every((kind, index) => kind === before[index])) return
    this.#sources.set(source, kinds)
    const added = [...this.#sources.values()].flat()
    const custom = added.filter(({ group, version }) => !this.#builtInVersions.has(`${group}/${version}`))
    this.#groups = merged(this.#builtIn, groupKinds(custom), this.#groups)
    this.#index()
    this.#generation++
    for (const listener of this.#listeners) listener()
  }

  /** Lets `findFresh` wait for a source. */
  addCatchUp(catchUp: CatchUp): void {
    this.#catchUps.push(catchUp)
  }

  /** Calls the listener after every change until the function given back is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #index(): void {
    this.#byResource = new Map()
    this.#byKind = new Map()
    for (const { versions } of this.#groups)
      for (const { kinds } of versions)
        for (const kind of kinds) {
          this.#byResource.set(resourceKey(kind.group, kind.version, kind.plural), kind)
          this.#byKind.set(kindKey(kind.group, kind.version, kind.kind), kind)
        }
  }
}

function groupKinds(kinds: readonly Kind[]): ServedGroup[] {
  return Array.from(
    Map.groupBy(kinds, ({ group }) => group),
    ([name, ofGroup]) => ({
      name,
      versions: Array.from(
        Map.groupBy(ofGroup, ({ version }) => version),
        ([version, ofVersion]) => ({ version, kinds: ofVersion }),
      ),
    }),
  )
}

/** Groups of the table with the versions that are added to them, then the other groups; unchanged versions stay the same. */
function merged(
  builtIn: readonly ServedGroup[],
  added: readonly ServedGroup[],
  before: readonly ServedGroup[],
): ServedGroup[] {
  const known = new Map(before.map(({ name, versions }) => [name, versions]))
  const sorted = added.map(({ name, versions }) => ({
    name,
    versions: versions
      .toSorted((a, b) => compareKubeVersions(b.version, a.version))
      .map((version) => {
        const old = known.get(name)?.find((one) => one.version === version.version)
        const same = old?.kinds.length === version.kinds.length && version.kinds.every((k, i) => k === old.kinds[i])
        return same ? old : version
      }),
  }))
  const names = new Set(builtIn.map(({ name }) => name))
  const own = builtIn.map((group) => {
    const more = sorted.find(({ name }) => name === group.name)
    return more ? { name: group.name, versions: [...group.versions, ...more.versions] } : group
  })
  const others = sorted.filter(({ name }) => !names.has(name)).sort((a, b) => (a.name < b.name ? -1 : 1))
  return [...own, ...others]
}

import type { KubeObject } from '../../../machinery/object.ts'
import type { Kind } from '../kind.ts'

/** What sets an older version apart from the one its objects are stored as. */
type Different = Partial<Kind> & {
  version: string
  /** An object of the newer version in this one's shape: a new object. Absent: the shapes are the same. */
  from?(newer: KubeObject): KubeObject
  /** An object of this version in the newer one's shape: a new object. */
  to?(older: KubeObject): KubeObject
  /** When it was deprecated and removed upstream, as a warning tells: "v1.21+, unavailable in v1.25+". */
  deprecatedIn: string
}

const versionOf = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`)

/**
 * An older version of a kind: the same names, columns and rules, kept as the newer version's objects are. Where the
 * shapes differ, the newer kind's rules see the object in its own shape.
 */
export function olderVersion(newer: Kind, different: Different): Kind {
  const { version, from, to, deprecatedIn, ...own } = different
  const newerVersion = versionOf(newer.group, newer.version)
  const olderVersion = versionOf(newer.group, version)
  const asNewer = (obj: KubeObject): KubeObject => ({ ...(to ? to(obj) : obj), apiVersion: newerVersion })
  const asOlder = (obj: KubeObject): KubeObject => ({ ...(from ? from(obj) : obj), apiVersion: olderVersion })
  const stored = newer.storedAs
  const { group, plural, kind } = stored ?? newer
  return {
    ...newer,
    ...(to && inNewerShape(newer, asNewer, asOlder)),
    version,
    storedAs: {
      group,
      version: stored?.version ?? newer.version,
      plural,
      kind,
      from: (obj) => asOlder(stored ? stored.from(obj) : obj),
      to: (obj) => (stored ? stored.to(asNewer(obj)) : asNewer(obj)),
    },
    deprecations: [`${olderVersion} ${newer.kind} is deprecated in ${deprecatedIn}; use ${newerVersion} ${newer.kind}`],
    ...own,
  }
}

type Convert = (obj: KubeObject) => KubeObject

/** The newer kind's functions for objects of the older shape. */
function inNewerShape(newer: Kind, asNewer: Convert, asOlder: Convert): Partial<Kind> {
  // in place, as the functions that prepare objects work
  const through = (obj: KubeObject, change: (newer: KubeObject) => void): void => {
    const changed = asNewer(obj)
    change(changed)
    const result = asOlder(changed)
    for (const field of Object.keys(obj)) delete (obj as unknown as Record<string, unknown>)[field]
    Object.assign(obj, result)
  }
  const two = <R>(check: ((obj: KubeObject, old: KubeObject) => R) | undefined) =>
    check && ((obj: KubeObject, old: KubeObject): R => check(asNewer(obj), asNewer(old)))
  const prepared = <More extends unknown[]>(
    prepare: ((obj: KubeObject, old: KubeObject, ...more: More) => void) | undefined,
  ) =>
    prepare &&
    ((obj: KubeObject, old: KubeObject, ...more: More) =>
      through(obj, (changed) => prepare(changed, asNewer(old), ...more)))
  const { validate, validateUpdate, validateStatusUpdate, prepareForCreate, prepareForUpdate } = newer
  const converted = {
    row: (obj: KubeObject, now: number) => newer.row(asNewer(obj), now),
    validate: validate && ((obj: KubeObject) => validate(asNewer(obj))),
    validateUpdate: two(validateUpdate),
    validateStatusUpdate: two(validateStatusUpdate),
    prepareForCreate: prepareForCreate && ((obj: KubeObject) => through(obj, prepareForCreate)),
    prepareForUpdate: prepared(prepareForUpdate),
    prepareForStatusUpdate: prepared(newer.prepareForStatusUpdate),
    warningsOf:
      newer.warningsOf &&
      ((obj: KubeObject, old?: KubeObject) => newer.warningsOf?.(asNewer(obj), old && asNewer(old)) ?? []),
  }
  return Object.fromEntries(Object.entries(converted).filter(([, value]) => value !== undefined))
}

import { isDeepStrictEqual } from 'node:util'
import { schemaFor } from '../api/schemas.ts'
import { Conflicts } from '../machinery/apply/conflicts.ts'
import { applyConfiguration, type Applied, type Versions } from '../machinery/apply/updater.ts'
import { clone } from '../machinery/deep.ts'
import { StatusError } from '../machinery/errors.ts'
import { formatFieldSelector, parseFieldSelector } from '../machinery/field-selector.ts'
import { isObject, type Json } from '../machinery/patch/json-object.ts'
import { jsonPatch } from '../machinery/patch/json-patch.ts'
import { mergePatch } from '../machinery/patch/merge-patch.ts'
import { strategicMergePatch } from '../machinery/patch/strategic-merge.ts'
import { parseQuantity } from '../machinery/quantity.ts'
import { decodeObject } from '../machinery/schema/decode.ts'
import { parseJson } from '../machinery/schema/json.ts'
import { parseYaml } from '../machinery/schema/yaml.ts'
import { parseLabelSelector } from '../machinery/selector.ts'
import { generateObject } from './generate.ts'

// What holds for whatever values: unit tests try each with some, the long run with as many as there is time for.

type Random = () => number

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

function same(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return
  throw new Error(`${what}: ${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`)
}

/** The result, or undefined for what was refused in order; anything but a StatusError goes on. */
function orRefused<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof StatusError || error instanceof Conflicts) return undefined
    throw error
  }
}

const names = ['a', 'b', 'c', 'spec', '__proto__', 'constructor', 'a/b', 'm~n', '', '0', 'é']

/** Any JSON value; `leaves` are what it ends in. */
function json(random: Random, depth = 0, leaves: readonly unknown[] = [null, true, 0, -1.5, '', 'x', 'y']): unknown {
  const sort = depth > 3 ? 0 : random()
  if (sort < 0.4) return pick(random, leaves)
  const size = Math.floor(random() * 4)
  if (sort < 0.6) return Array.from({ length: size }, () => json(random, depth + 1, leaves))
  return object(random, depth, leaves)
}

function object(random: Random, depth = 0, leaves?: readonly unknown[]): Json {
  const size = Math.floor(random() * 4)
  // fromEntries defines: __proto__ is a key as any
  return Object.fromEntries(Array.from({ length: size }, () => [pick(random, names), json(random, depth + 1, leaves)]))
}

/** Without nulls, which a merge patch cannot put in. */
const plainLeaves = [true, 0, 'x', 'y']

// RFC 7386, the other way round
function difference(before: Json, after: Json): Json {
  const entries: [string, unknown][] = []
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) entries.push([key, null])
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined
    if (isDeepStrictEqual(old, value)) continue
    entries.push([key, isObject(value) && isObject(old) ? difference(old, value) : value])
  }
  return Object.fromEntries(entries)
}

const pod = schemaFor('', 'v1', 'Pod')
const alone: Versions = { convert: (typed) => typed, own: (set) => set }

function randomPod(random: Random): Json {
  return decodeObject(pod, generateObject(pod, random), 'Ignore').object
}

/** At least one of these, in any order, each once. */
function someOf<T>(random: Random, list: readonly T[]): T[] {
  const shuffled = list
    .map((item) => ({ item, place: random() }))
    .sort((x, y) => x.place - y.place)
    .map(({ item }) => item)
  return shuffled.slice(0, 1 + Math.floor(random() * list.length))
}

/**
 * Some fields of a Pod, lists with each of their keys once: what clients send as patches and configurations. No list is
 * empty: apply has, as upstream, no field path for one, and what holds nothing else goes with it.
 */
function partOfPod(random: Random): Json {
  const maybe = (name: string, make: () => unknown): Json => (random() < 0.5 ? { [name]: make() } : {})
  const texts = (): Json =>
    Object.fromEntries(someOf(random, ['a', 'b', 'c']).map((key) => [key, pick(random, ['x', 'y'])]))
  const word = (): string => pick(random, ['x', 'y', 'z'])
  const container = (name: string): Json => ({
    name,
    ...maybe('image', word),
    ...maybe('command', () => someOf(random, ['sh', '-c', 'true'])),
    ...maybe('env', () => someOf(random, ['A', 'B', 'C']).map((env) => ({ name: env, value: word() }))),
    ...maybe('ports', () => someOf(random, [80, 81]).map((port) => ({ containerPort: port, protocol: 'TCP' }))),
    ...maybe('resources', () => ({ limits: { cpu: pick(random, ['1', '2']) } })),
  })
  return {
    metadata: { ...maybe('labels', texts), ...maybe('finalizers', () => someOf(random, ['a/x', 'a/y', 'a/z'])) },
    spec: {
      ...maybe('containers', () => someOf(random, ['a', 'b', 'c']).map(container)),
      ...maybe('nodeSelector', texts),
      ...maybe('tolerations', () => someOf(random, ['k', 'l']).map((key) => ({ key, operator: 'Exists' }))),
      ...maybe('volumes', () => someOf(random, ['v', 'w']).map((name) => ({ name, emptyDir: {} }))),
      ...maybe('imagePullSecrets', () => someOf(random, ['s', 't']).map((name) => ({ name }))),
      ...maybe('serviceAccountName', word),
    },
  }
}

function applied(live: Json, before: Applied | undefined, config: unknown, manager: string, force: boolean): Applied {
  const value = before === undefined ? live : before.value
  const managers = before?.managers ?? new Map()
  return applyConfiguration(alone, { node: pod, value }, { node: pod, value: config }, 'v1', managers, manager, force)
}

const labelled = (prefix: string, random: Random): Json => {
  const labels = Object.fromEntries(
    Array.from({ length: Math.floor(random() * 4) }, (_, i) => [`${prefix}${String(i)}`, pick(random, ['x', 'y'])]),
  )
  const containers = Array.from({ length: Math.floor(random() * 3) }, (_, i) => ({
    name: `${prefix}${String(i)}`,
    image: pick(random, ['x', 'y']),
    ports: [{ containerPort: 80 + i, protocol: 'TCP' }],
  }))
  return { metadata: { labels }, spec: { containers } }
}

/** Labels and containers by their names: what is taken out may leave an empty list, or nothing. */
function inOrder(value: unknown): unknown {
  type Labelled = { metadata?: { labels?: object | null }; spec?: { containers?: { name: string }[] | null } }
  const { metadata, spec } = value as Labelled
  const containers = [...(spec?.containers ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { labels: { ...metadata?.labels }, containers }
}

/** By what they say; each throws an Error when it does not hold. */
export const properties: Readonly<Record<string, (random: Random) => void>> = {
  'JSON that is written is read back, and is YAML'(random) {
    const value = object(random)
    const text = JSON.stringify(value)
    same('JSON', parseJson(text, true), { value, problems: [] })
    same('YAML', parseYaml(text, true), { value, problems: [] })
  },

  'a merge patch applied twice is the same as once'(random) {
    const [before, patch] = [object(random), object(random)]
    const once = mergePatch(clone(before), clone(patch))
    same('twice', mergePatch(clone(once), clone(patch)), once)
  },

  'the difference of two objects as a merge patch makes one of the other'(random) {
    const [before, after] = [object(random, 0, plainLeaves), object(random, 0, plainLeaves)]
    same('patched', mergePatch(clone(before), difference(before, after)), after)
  },

  'what a JSON patch adds, replaces or copies is there; what it removes is not'(random) {
    const before = object(random)
    const key = pick(random, names)
    const path = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const value = json(random)
    const added = jsonPatch(clone(before), [
      { op: 'add', path, value },
      { op: 'test', path, value },
    ])
    same('added', Object.getOwnPropertyDescriptor(added, key)?.value, value)
    const removed = jsonPatch(clone(added), [{ op: 'remove', path }])
    same('removed', Object.hasOwn(removed, key), false)
    const copied = jsonPatch(clone(added), [
      { op: 'copy', from: path, path: '/new' },
      { op: 'replace', path, value: 1 },
    ])
    same('copied', [copied['new'], Object.getOwnPropertyDescriptor(copied, key)?.value], [value, 1])
    same(
      'moved back',
      jsonPatch(clone(added), [
        { op: 'move', from: path, path: '/elsewhere' },
        { op: 'move', from: '/elsewhere', path },
      ]),
      added,
    )
  },

  'any JSON patch is taken or refused in order'(random) {
    const paths = ['', '/', '/a', '/a/0', '/a/-', '/a/b', '/__proto__', '/constructor/prototype', '/a/01', '/~', 'a', 7]
    const operations = Array.from({ length: Math.floor(random() * 5) }, () => ({
      op: pick(random, ['add', 'remove', 'replace', 'move', 'copy', 'test', 'other', undefined]),
      path: pick(random, paths),
      from: pick(random, paths),
      ...(random() < 0.8 ? { value: json(random) } : {}),
    }))
    orRefused(() => jsonPatch(object(random), random() < 0.9 ? operations : json(random)))
    same('prototypes', Object.keys(Object.prototype), [])
  },

  'a strategic merge patch applied twice is the same as once'(random) {
    const [before, patch] = [partOfPod(random), partOfPod(random)]
    const once = strategicMergePatch(pod, clone(before), clone(patch))
    same('twice', strategicMergePatch(pod, clone(once), clone(patch)), once)
  },

  'an empty patch of any sort changes nothing'(random) {
    const before = randomPod(random)
    same('merge', mergePatch(clone(before), {}), before)
    same('strategic merge', strategicMergePatch(pod, clone(before), {}), before)
    same('JSON patch', jsonPatch(clone(before), []), before)
  },

  'a configuration applied again changes neither the object nor who owns it'(random) {
    const [live, config] = [partOfPod(random), partOfPod(random)]
    const once = applied(live, undefined, config, 'one', true)
    const twice = applied(live, once, config, 'one', false)
    same('object', twice.value, once.value)
    same('owners', [...twice.managers], [...once.managers])
  },

  'configurations that have nothing in common may be applied in any order, and taken back'(random) {
    const [first, second] = [labelled('a', random), labelled('b', random)]
    const empty = { metadata: {}, spec: {} }
    const both = (one: Json, oneName: string, other: Json, otherName: string): Applied =>
      applied(empty, applied(empty, undefined, one, oneName, false), other, otherName, false)
    const ab = both(first, 'first', second, 'second')
    const ba = both(second, 'second', first, 'first')
    same('object', inOrder(ab.value), inOrder(ba.value))
    same('owners', ab.managers.get('first'), ba.managers.get('first'))
    const back = applied(empty, ab, empty, 'second', false)
    same('taken back', inOrder(back.value), inOrder(applied(empty, undefined, first, 'first', false).value))
  },

  'a label selector means the same when it is written and read again'(random) {
    const keys = ['app', 'tier', 'example.com/x']
    const term = (): string => {
      const [key, value] = [pick(random, keys), pick(random, ['', 'a', 'b', '1'])]
      return pick(random, [
        `${key}=${value}`,
        `${key}!=${value}`,
        `${key} in (${value},b)`,
        `${key} notin (a,${value})`,
        key,
        `!${key}`,
        `${key}>1`,
        `${key}<5`,
      ])
    }
    const selector = parseLabelSelector(Array.from({ length: Math.floor(random() * 4) }, term).join(','))
    const again = parseLabelSelector(selector.toString())
    same('text', again.toString(), selector.toString())
    const labels = Object.fromEntries(
      keys.filter(() => random() < 0.6).map((key) => [key, pick(random, ['', 'a', 'b', '2', '9'])]),
    )
    same('matches', again.matches(labels), selector.matches(labels))
  },

  'a field selector is the same when it is written and read again'(random) {
    const requirements = Array.from({ length: Math.floor(random() * 3) }, (_, i) => ({
      field: `status.f${String(i)}`,
      op: pick(random, ['=', '!='] as const),
      value: pick(random, ['', 'a', 'a,b', 'x=y', '\\', 'é']),
    }))
    same('requirements', parseFieldSelector(formatFieldSelector(requirements)), requirements)
  },

  'a quantity is worth the same in its canonical form, and a canonical form read again has its own'(random) {
    const digits = String(Math.floor(random() * 10 ** Math.floor(random() * 9)))
    const fraction = random() < 0.4 ? `.${String(Math.floor(random() * 1000))}` : ''
    const suffix = pick(random, ['', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'e3', 'E2', 'e-3'])
    const given = parseQuantity(`${pick(random, ['', '-', '+'])}${digits}${fraction}${suffix}`)
    const canonical = parseQuantity(given.toString())
    same('worth', canonical.cmp(given), 0)
    // a binary number without a suffix is read as a decimal one, as upstream reads it
    same('form', parseQuantity(canonical.toString()).toString(), canonical.toString())
    const other = parseQuantity(`${String(Math.floor(random() * 1000))}m`)
    same('sum', given.add(other).cmp(other.add(given)), 0)
    same('back', given.add(other).sub(other).cmp(given), 0)
  },
}

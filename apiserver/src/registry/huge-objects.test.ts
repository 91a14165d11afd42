import { findKindByGVK } from '@kubets/shared/api/kinds/index.ts'
import { applyObject, managedFieldsOfUpdate } from '@kubets/shared/machinery/apply/field-manager.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import { invalid, maxCauses, StatusError } from '@kubets/shared/machinery/errors.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { FieldPath, invalid as invalidField } from '@kubets/shared/machinery/fieldpath.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { describe, expect, it } from 'vitest'
import { apply, managedKind, trackFields } from './managed-fields.ts'
import type { RequestScope } from './types.ts'

// Objects with huge maps are looked at in pieces: each answer must be that for the whole.

const configMaps = findKindByGVK('v1', 'ConfigMap')
if (configMaps === undefined) throw new Error('no ConfigMaps')
const kind = managedKind(configMaps, '')
const clock = new FakeClock()

const scope = (fieldManager: string): RequestScope => ({
  kind: configMaps,
  dryRun: false,
  warn: () => undefined,
  annotate: () => undefined,
  signal: new AbortController().signal,
  fieldManager,
})

type Part = 'data' | 'binaryData' | 'annotations'
type Content = Partial<Record<Part, Record<string, string>>>

/** Keys whose number leaves this rest, each with a value. */
function some(count: number, value: string, keep: (i: number) => boolean = () => true): Record<string, string> {
  const entries = Array.from({ length: count }, (_, i) => i).filter(keep)
  // not in order
  return Object.fromEntries(entries.reverse().map((i) => [`key-${i}`, value]))
}

const object = ({ annotations, ...data }: Content, live?: KubeObject): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'huge',
    ...(annotations && { annotations }),
    ...(live && { uid: 'u', managedFields: live.metadata.managedFields }),
  } as KubeObject['metadata'],
  ...data,
})

const odd = (i: number): boolean => i % 2 === 1
const contents: Content[] = [
  { data: some(3000, 'a') },
  { data: some(3000, 'b', odd), binaryData: { x: 'eA==' } },
  { data: { 'key-77': 'b' }, annotations: some(2500, 'n') },
  { data: {}, binaryData: some(3000, 'eA=='), annotations: some(2500, 'm', odd) },
  { binaryData: some(2600, 'eQ==', odd) },
  { data: { ['__proto__']: 'p', ...some(2100, 'c') } },
  {},
]

describe('objects with huge maps', () => {
  it('have the owners that small ones have, through any updates', async () => {
    let live: KubeObject | undefined
    for (const [i, content] of contents.entries()) {
      const manager = `writer-${i % 3}`
      await clock.advance(1000)
      const next = object(content, live)
      const expected = managedFieldsOfUpdate(kind, live, clone(next), manager, clock.now())
      await trackFields(scope(manager), '', next, live, clock)
      expect(next.metadata.managedFields, `step ${i}`).toEqual(expected)
      expect(JSON.stringify(next.metadata.managedFields)).toBe(JSON.stringify(expected))
      live = { ...next, metadata: { ...next.metadata, uid: 'u' } }
    }
  })

  it.each([
    ['one that has always applied', () => 'one', false],
    ['several in turn, by force', (i: number) => `applier-${i % 2}`, true],
    ['several in turn', (i: number) => `applier-${i % 2}`, false],
  ] as const)('are applied as small ones: %s', async (_, managerAt, force) => {
    let live: KubeObject | undefined
    for (const [i, content] of contents.entries()) {
      const manager = managerAt(i)
      await clock.advance(1000)
      const config = object(content)
      const known = live
      const expected = outcome(() => applyObject(kind, known, clone(config), manager, force, clock.now()))
      const found = await apply(scope(manager), '', config, force, known, clock).then(
        (value) => value,
        (error: unknown) => outcome(() => raise(error)),
      )
      expect(found, `step ${i}`).toEqual(expected)
      if ('metadata' in expected && expected.kind !== 'Status') {
        live = { ...expected, metadata: { ...expected.metadata, uid: 'u' } }
      }
    }
  })

  it('count what a request says about its owners in all pieces or in none', async () => {
    const live = object(contents[0] ?? {})
    await trackFields(scope('first'), '', live, undefined, clock)
    live.metadata.uid = 'u'
    const fields = Object.fromEntries(Object.keys(some(2500, '')).map((key) => [`f:${key}`, {}]))
    for (const wrong of [{}, { x: {} }]) {
      const [entry] = live.metadata.managedFields ?? []
      const next = object({ data: some(3000, 'a') }, live)
      next.metadata.managedFields = [
        { ...entry, manager: 'told', fieldsV1: { 'f:data': { ...fields, ...wrong } } },
      ] as never
      const expected = managedFieldsOfUpdate(kind, live, clone(next), 'second', clock.now())
      await trackFields(scope('second'), '', next, live, clock)
      expect(next.metadata.managedFields).toEqual(expected)
      expect(expected?.map(({ manager }) => manager)).toEqual('x' in wrong ? ['first'] : ['told'])
    }
  })
})

describe('a refusal of a huge object', () => {
  it('names so many problems, and how many more there are', () => {
    const path = new FieldPath('data')
    const errors = Object.keys(some(2500, '')).map((key) => invalidField(path.key(key), key, 'wrong'))
    const { message, details } = invalid({ group: '', kind: 'ConfigMap' }, 'huge', errors).status
    expect(details?.causes).toHaveLength(maxCauses)
    expect(message).toMatch(/^ConfigMap "huge" is invalid: \[data\[key-2499\]: .*, and 500 more\]$/)
  })

  it('names so many conflicts, and how many there are', async () => {
    const live = { ...(await apply(scope('one'), '', object({ data: some(2500, 'a') }), false, undefined, clock)) }
    live.metadata = { ...live.metadata, uid: 'u' }
    const other = apply(scope('two'), '', object({ data: some(2500, 'b') }), false, live, clock)
    const error: unknown = await other.then(
      () => undefined,
      (error: unknown) => error,
    )
    const { message = '', details } = (error as StatusError).status
    expect(details?.causes).toHaveLength(maxCauses)
    expect(message).toMatch(/^Apply failed with 2500 conflicts: conflicts with "one":\n- \.data\.key-0\n/)
    expect(message).toMatch(/\nand 500 more$/)
  })
})

function raise(error: unknown): never {
  throw error
}

/** What an apply gives, or the Status it is refused with. */
function outcome(make: () => KubeObject): KubeObject | StatusError['status'] {
  try {
    return make()
  } catch (error) {
    if (error instanceof StatusError) return error.status
    throw error
  }
}

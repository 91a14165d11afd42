import type { ObjectNode, SchemaNode } from '../machinery/schema/node.ts'

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** How deep types that hold themselves are filled. */
const depthLimit = 9

/** An object with most of what its schema offers filled in, at random: what fuzzing and round trips are made of. */
export function generateObject(node: ObjectNode, random: () => number, depth = 0): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const { name, node: field } of node.fields.values()) {
    // a document inside another has no names of its own in protobuf
    if (node.kind !== undefined && (name === 'apiVersion' || name === 'kind')) continue
    if (random() < 0.8) object[name] = generate(field, random, depth + 1)
  }
  return object
}

function generate(node: SchemaNode, random: () => number, depth: number): unknown {
  const size = depth > depthLimit ? 0 : Math.floor(random() * 3)
  switch (node.type) {
    case 'object':
      return depth > depthLimit ? {} : generateObject(node, random, depth)
    case 'list':
      return Array.from({ length: size }, () => generate(node.element, random, depth + 1))
    case 'map':
      return Object.fromEntries(
        Array.from({ length: size }, () => [text(random), generate(node.value, random, depth + 1)]),
      )
    case 'union': {
      const option = node.options[Math.floor(random() * node.options.length)]
      const value = option === undefined ? true : generate(option.node, random, depth + 1)
      // protobuf cannot tell an alternative that is an empty list
      return Array.isArray(value) && value.length === 0 ? {} : value
    }
    case 'string':
      return node.enum === undefined ? text(random) : node.enum[Math.floor(random() * node.enum.length)]
    case 'bool':
      return random() < 0.5
    case 'int32':
      return integer(random, 2 ** 31)
    case 'int64':
      return integer(random, 2 ** 53)
    case 'double':
      return (random() - 0.5) * 10 ** Math.floor(random() * 20)
    case 'bytes':
      return Buffer.from(text(random)).toString('base64')
    case 'time':
      return `${time(random).slice(0, 19)}Z`
    case 'microTime':
      return `${time(random).slice(0, 23)}${String(Math.floor(random() * 1000)).padStart(3, '0')}Z`
    case 'duration':
      return `${String(Math.floor(random() * 100_000))}ms`
    case 'quantity':
      return `${String(integer(random, 2 ** 40))}${['', 'm', 'k', 'Ki', 'Gi'][Math.floor(random() * 5)] ?? ''}`
    case 'intOrString':
      return random() < 0.5 ? integer(random, 2 ** 31) : text(random)
    case 'rawExtension':
    case 'fieldsV1':
      return { [text(random)]: [text(random), null, 1.5, { a: {} }] }
    case 'any':
      return [text(random), 1, false, { b: [null] }][Math.floor(random() * 4)]
  }
}

const texts = ['', 'a', 'web-1', 'héllo', '日本語', '🙂', '__proto__', '"quoted"\n', 'x'.repeat(60), 'ü'.repeat(80)]

const text = (random: () => number): string =>
  `${texts[Math.floor(random() * texts.length)] ?? ''}${random() < 0.3 ? String(Math.floor(random() * 1000)) : ''}`

const integer = (random: () => number, limit: number): number =>
  Math.floor((random() * 2 - 1) * (random() < 0.5 ? limit : 300))

const time = (random: () => number): string => new Date(integer(random, 4e12)).toISOString()

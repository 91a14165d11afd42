import { parseYaml } from '@kubets/shared/machinery/schema/yaml.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { describe, expect, it } from 'vitest'
import { readYaml } from './yaml.ts'

const never = new AbortController().signal

/** Long enough to be read in a thread. */
const long = `data:\n${Array.from({ length: 1500 }, (_, i) => `  key${i}: yes\n`).join('')}`

describe('readYaml', () => {
  it.each([
    ['a short text', 'a: 1\na: 010\n'],
    ['a long text', `${long}a: 1\na: 2\n`],
  ])('reads %s as parseYaml does', async (_, text) => {
    expect(await readYaml(text, true, realClock, never)).toEqual(parseYaml(text, true))
    expect(await readYaml(text, false, realClock, never)).toEqual(parseYaml(text, false))
  })

  it('says what is wrong with a long text', async () => {
    await expect(readYaml(`${long}a: [1\nb: 2`, true, realClock, never)).rejects.toThrow(/^yaml: line 1503: /)
  })

  it('reads long texts beside other work, one after another', async () => {
    const order: string[] = []
    const texts = ['first', 'second'].map((name) => readYaml(`${long}name: ${name}`, true, realClock, never))
    for (const text of texts) void text.then(({ value }) => order.push((value as { name: string }).name))
    order.push('others')
    await Promise.all(texts)
    expect(order).toEqual(['others', 'first', 'second'])
  })

  it('stops with the signal, and the next one has its turn', async () => {
    const gone = new AbortController()
    const reading = readYaml(long, true, realClock, gone.signal)
    const waiting = readYaml(long, true, realClock, gone.signal)
    gone.abort(new Error('gone'))
    await expect(reading).rejects.toThrow('gone')
    await expect(waiting).rejects.toThrow('gone')
    expect((await readYaml(long, true, realClock, never)).problems).toEqual([])
  })
})

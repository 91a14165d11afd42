import { expect, it } from 'vitest'
import { shared } from './shared-question.ts'

it('asks once for all who ask meanwhile, and never answers from before the question', async () => {
  const answers: ((value: number) => void)[] = []
  const ask = shared(() => new Promise<number>((resolve) => answers.push(resolve)))
  const first = ask()
  const waiting = [ask(), ask(), ask()]
  expect(answers).toHaveLength(1)
  answers[0]?.(1)
  expect(await first).toBe(1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(answers).toHaveLength(2)
  answers[1]?.(2)
  expect(await Promise.all(waiting)).toEqual([2, 2, 2])
})

it('a failure is the answer of those who asked then, not of later ones', async () => {
  let calls = 0
  const ask = shared(async () => {
    calls++
    await Promise.resolve()
    if (calls === 1) throw new Error('away')
    return calls
  })
  const first = ask()
  const second = ask()
  await expect(first).rejects.toThrow('away')
  expect(await second).toBe(2)
})

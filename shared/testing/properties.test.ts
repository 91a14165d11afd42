import { describe, it } from 'vitest'
import { seededRandom } from './generate.ts'
import { properties } from './properties.ts'

/** Enough to find what is wrong often, in no time; `npm run test:long` tries more. */
const rounds = 60

describe('whatever the values,', () => {
  it.each(Object.entries(properties))('%s', (_, holds) => {
    const random = seededRandom(2026)
    for (let round = 0; round < rounds; round++) holds(random)
  })
})

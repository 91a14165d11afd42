import { seededRandom } from '@kubets/shared/testing/generate.ts'
import { properties } from '@kubets/shared/testing/properties.ts'
import { describe, it } from 'vitest'

/** How long each is tried; what the unit tests try in a moment, with other values in every run. */
const milliseconds = 60_000

describe('whatever the values,', () => {
  it.each(Object.entries(properties))('%s', (_, holds) => {
    const first = Math.floor(Math.random() * 2 ** 31)
    const end = performance.now() + milliseconds
    for (let seed = first; performance.now() < end; seed++) {
      try {
        holds(seededRandom(seed))
      } catch (error) {
        throw new Error(`with seed ${String(seed)}: ${(error as Error).message}`, { cause: error })
      }
    }
  })
})

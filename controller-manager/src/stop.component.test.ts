import { it } from 'vitest'
import { startTestManager } from './manager.testing.ts'

it('a manager that is told to end while it starts ends', async () => {
  const manager = await startTestManager()
  await manager.stop()
})

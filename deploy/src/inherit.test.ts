import { describe, expect, it } from 'vitest'
import { inherit } from './inherit.ts'

describe('inherit', () => {
  it.each([
    ['the exit code', 'sh', ['-c', 'exit 3'], 3],
    ['137 for who was killed', 'sh', ['-c', 'kill -9 $$'], 137],
    ['127 for what is not there', 'no-such-command', [], 127],
  ] as const)('gives %s', async (_, command, args, code) => {
    expect(await inherit(command, args, process.env)).toBe(code)
  })

  it('ends the command when it is interrupted, and starts no other', async () => {
    const { signal, abort } = interruption()
    const running = inherit('sleep', ['1000'], process.env, signal)
    abort()
    await expect(running).rejects.toThrow('interrupted')
    expect(() => inherit('sleep', ['1000'], process.env, signal)).toThrow('interrupted')
  })
})

function interruption(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(new Error('interrupted')) }
}

import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { instrumented } from './instrumented.ts'
import { RuntimeError, type Runtime } from './types.ts'

it('counts and times what is asked, also what fails', async () => {
  let elapsed = 1000
  const clock = { elapsed: () => elapsed } as Parameters<typeof instrumented>[2]
  const { signal } = new AbortController()
  const register = new Registry()
  const bare = {
    imageStatus: (image: string) => {
      elapsed += 40
      return image === 'none' ? Promise.reject(new RuntimeError('NotFound', 'none')) : Promise.resolve(undefined)
    },
    imagesInUse: () => Promise.resolve(new Set(['a'])),
  } as unknown as Runtime
  const runtime = instrumented(bare, register, clock)
  expect(await runtime.imageStatus('a', signal)).toBeUndefined()
  await expect(runtime.imageStatus('none', signal)).rejects.toThrow('none')
  expect(await runtime.imagesInUse(signal)).toEqual(new Set(['a']))
  const text = await register.metrics()
  for (const line of [
    'kubelet_runtime_operations_total{operation_type="image_status"} 2',
    'kubelet_runtime_operations_errors_total{operation_type="image_status"} 1',
    'kubelet_runtime_operations_duration_seconds_bucket{le="0.03125",operation_type="image_status"} 0',
    'kubelet_runtime_operations_duration_seconds_bucket{le="0.078125",operation_type="image_status"} 2',
  ]) {
    expect(text).toContain(`${line}\n`)
  }
})

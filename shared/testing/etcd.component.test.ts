import { describe, expect, it } from 'vitest'
import { startEtcd } from './etcd.ts'

describe('startEtcd', () => {
  it('starts, keeps its data over a crash, and is gone at the end', async () => {
    const etcd = await startEtcd()
    const call = async (path: string, body: object): Promise<unknown> => {
      const response = await fetch(`${etcd.endpoint}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
      return response.json()
    }
    try {
      await call('put', { key: 'YQ==', value: 'Yg==' })
      await etcd.kill()
      await etcd.restart()
      expect(await call('range', { key: 'YQ==' })).toMatchObject({ kvs: [{ value: 'Yg==' }] })
    } finally {
      await etcd.stop()
    }
    await expect(fetch(`${etcd.endpoint}/health`)).rejects.toThrow()
  })
})

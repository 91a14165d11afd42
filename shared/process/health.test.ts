import { describe, expect, it } from 'vitest'
import { silentLogger } from '../machinery/logger.ts'
import { healthText, serveHealth } from './health.ts'

describe('serveHealth', () => {
  it('answers health and metrics until the signal aborts', async () => {
    const stop = new AbortController()
    let problem: string | undefined = undefined
    const port = await serveHealth(
      {
        host: '127.0.0.1',
        port: 0,
        log: silentLogger,
        checks: { ping: () => undefined, cache: () => problem },
        readyChecks: { started: () => 'not yet' },
        metrics: () => Promise.resolve('up 1\n'),
        extra: { '/configz': (_req, res) => res.end('{}') },
      },
      stop.signal,
    )
    const get = async (path: string): Promise<[number, string]> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      return [response.status, await response.text()]
    }
    expect(await get('/healthz')).toEqual([200, 'ok'])
    expect(await get('/healthz?verbose')).toEqual([200, '[+]ping ok\n[+]cache ok\nhealthz check passed\n'])
    expect(await get('/livez/cache')).toEqual([200, 'ok'])
    expect(await get('/readyz/started')).toEqual([500, 'internal server error: not yet\n'])
    expect((await get('/readyz'))[0]).toBe(500)
    expect(await get('/readyz?exclude=started&exclude=other&verbose')).toEqual([
      200,
      '[+]ping ok\n[+]cache ok\n[+]started excluded: ok\nwarn: some health checks cannot be excluded: no matches for "other"\nreadyz check passed\n',
    ])
    for (const path of ['/healthz/started', '/livez/none', '/readyz/__proto__', '/healthzz'])
      expect(await get(path)).toEqual([404, '404 page not found\n'])
    problem = 'not synced'
    expect(await get('/healthz/cache')).toEqual([500, 'internal server error: not synced\n'])
    expect(await get('/livez')).toEqual([500, '[+]ping ok\n[-]cache failed: not synced\nlivez check failed\n'])
    expect(await get('/metrics')).toEqual([200, 'up 1\n'])
    expect(await get('/configz')).toEqual([200, '{}'])
    expect((await get('/other'))[0]).toBe(404)
    stop.abort()
    await expect(get('/healthz')).rejects.toThrow()
  })

  it('says that nothing is wrong when there is nothing to check', () => {
    expect(healthText('healthz', {})).toEqual({ healthy: true, text: 'healthz check passed\n' })
  })
})

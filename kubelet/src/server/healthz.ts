import type { FastifyInstance } from 'fastify'
import { healthText } from '@kubets/shared/process/health.ts'

/** By name: the text of what is wrong, or undefined. */
export type HealthChecks = Readonly<Record<string, () => string | undefined>>

/** Serves /healthz, with ?verbose and ?exclude=NAME, and /healthz/NAME for each check. */
// apiserver/pkg/server/healthz/healthz.go InstallHandler
export function serveHealthz(app: FastifyInstance, checks: HealthChecks): void {
  app.get('/healthz', (request, reply) => {
    const { searchParams } = new URL(request.url, 'https://kubelet')
    const excluded = searchParams.getAll('exclude')
    const asked = Object.fromEntries(Object.entries(checks).filter(([name]) => !excluded.includes(name)))
    const { healthy, text } = healthText('healthz', asked)
    const body = healthy && !searchParams.has('verbose') ? 'ok' : text
    return reply
      .code(healthy ? 200 : 500)
      .type('text/plain; charset=utf-8')
      .send(body)
  })
  for (const [name, check] of Object.entries(checks)) {
    app.get(`/healthz/${name}`, (_request, reply) => {
      const problem = check()
      return reply
        .code(problem === undefined ? 200 : 500)
        .type('text/plain; charset=utf-8')
        .send(problem === undefined ? 'ok' : `internal server error: ${problem}\n`)
    })
  }
}

import { healthText } from '@kubets/shared/process/health.ts'
import { textAnswer, type Answer } from './answer.ts'
import type { Handler } from './context.ts'

/** By name: the text of what is wrong, or undefined. */
export type HealthChecks = Readonly<Record<'livez' | 'readyz', Readonly<Record<string, Check>>>>
type Check = () => Promise<string | undefined> | string | undefined

// staging/src/k8s.io/apiserver/pkg/server/healthz/healthz.go handleRootHealth, adaptCheckToHandler
/** /healthz, /livez, /readyz: all checks, or one of them by a path below. */
export const health: Handler = async ({ path, query }, deps): Promise<Answer> => {
  const [name = '', single] = path.split('/').filter((part) => part !== '')
  const checks = deps.health[name === 'livez' ? 'livez' : 'readyz']
  if (single !== undefined) return await one(checks, single)
  const excluded = query.getAll('exclude')
  const wanted = Object.entries(checks).filter(([check]) => !excluded.includes(check))
  const results = await Promise.all(wanted.map(async ([check, run]) => [check, await run()] as const))
  const { healthy, text } = healthText(
    name,
    Object.fromEntries(results.map(([check, problem]) => [check, () => problem])),
  )
  for (const [check, problem] of results) {
    if (problem !== undefined) deps.log.warn({ check, problem }, `${name} check failed`)
  }
  return textAnswer(healthy ? 200 : 500, healthy && !query.has('verbose') ? 'ok' : text)
}

async function one(checks: Readonly<Record<string, Check>>, name: string): Promise<Answer> {
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined
  if (check === undefined) return textAnswer(404, '404 page not found\n')
  const problem = await check()
  return problem === undefined ? textAnswer(200, 'ok') : textAnswer(500, `internal server error: ${problem}\n`)
}

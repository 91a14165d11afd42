import { expect, it } from 'vitest'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { ProblemLog } from './problem-log.ts'

it('says each problem once, and its end', () => {
  const said: string[] = []
  const problems = new ProblemLog(
    {
      ...silentLogger,
      warn: (fields: object | string, message?: string) => said.push(`${message ?? ''}: ${JSON.stringify(fields)}`),
      info: (message: object | string) => said.push(String(message)),
    },
    'eat',
  )
  problems.succeeded()
  problems.failed(new Error('no bread'))
  problems.failed(new Error('no bread'))
  problems.failed('no butter')
  problems.succeeded()
  problems.succeeded()
  expect(said).toEqual(['cannot eat: {"error":"no bread"}', 'cannot eat: {"error":"no butter"}', 'can eat again'])
})

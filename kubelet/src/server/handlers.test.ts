import { expect, it } from 'vitest'
import { goneWithDebugging, switchedOff, type Handlers } from './handlers.ts'

const all: Handlers = {
  enableDebuggingHandlers: true,
  enableSystemLogHandler: true,
  enableProfilingHandler: true,
  enableDebugFlagsHandler: true,
}

it.each<[string, Partial<Handlers>, string | undefined]>([
  ['/exec/default/web/main?command=id', {}, undefined],
  ['/exec/default/web/main?command=id', { enableDebuggingHandlers: false }, 'Debug endpoints are disabled.'],
  ['/runningpods', { enableDebuggingHandlers: false }, 'Debug endpoints are disabled.'],
  ['/logs/', { enableDebuggingHandlers: false }, 'Debug endpoints are disabled.'],
  ['/pods', { enableDebuggingHandlers: false }, undefined],
  ['/metrics/resource', { enableDebuggingHandlers: false }, undefined],
  ['/logs/syslog', { enableSystemLogHandler: false }, 'logs endpoint is disabled.'],
  ['/containerLogs/default/web/main', { enableSystemLogHandler: false }, undefined],
  ['/debug/pprof/heap', { enableProfilingHandler: false }, 'profiling endpoint is disabled.'],
  ['/debug/flags/v', { enableDebugFlagsHandler: false }, 'flags endpoint is disabled.'],
])('at %s with %j there is said: %s', (url, off, said) => {
  expect(switchedOff({ ...all, ...off }, url)).toBe(said)
})

it('has no configuration to show where it is not to be debugged', () => {
  expect(goneWithDebugging(all, '/configz')).toBe(false)
  expect(goneWithDebugging({ ...all, enableDebuggingHandlers: false }, '/configz')).toBe(true)
  expect(goneWithDebugging({ ...all, enableDebuggingHandlers: false }, '/healthz')).toBe(false)
})

import type { ContainerEvent } from '../types.ts'
import { asRuntimeError, call, limits, type DockerContext } from './client.ts'
import { lines } from './lines.ts'
import { labelNames, readLabels } from './naming.ts'

const eventTypes: Readonly<Record<string, 'created' | 'started' | 'stopped' | 'deleted'>> = {
  create: 'created',
  start: 'started',
  die: 'stopped',
  destroy: 'deleted',
}

/** Docker's own form of an event, as far as it is read here. */
interface DockerEvent {
  Action?: string
  Actor?: { ID?: string; Attributes?: Record<string, string> }
}

/** A line of Docker's event stream in our terms; undefined when it does not concern us. */
export function parseEvent(line: string): ContainerEvent | undefined {
  const event = JSON.parse(line) as DockerEvent
  const type = eventTypes[event.Action ?? '']
  const own = readLabels(event.Actor?.Attributes ?? {})
  if (type === undefined || own === undefined) return undefined
  return { type, containerId: event.Actor?.ID ?? '', podUid: own.pod.uid, isSandbox: own.type === 'podsandbox' }
}

const firstDelay = 100
const longestDelay = 5000

/** Events of this node's containers; after a gap (and at the beginning) `missed`. Ends when the signal aborts. */
export async function* containerEvents(context: DockerContext, signal: AbortSignal): AsyncGenerator<ContainerEvent> {
  let delay = firstDelay
  while (!signal.aborted) {
    try {
      const stream = await call(context, signal, limits.read, (abortSignal) =>
        context.docker.getEvents({
          filters: {
            type: ['container'],
            event: Object.keys(eventTypes),
            label: [`${labelNames.node}=${context.nodeName}`],
          },
          abortSignal,
        }),
      )
      delay = firstDelay
      yield { type: 'missed' }
      for await (const line of lines(stream, signal)) {
        const event = parseEvent(line)
        if (event) yield event
      }
    } catch (error) {
      if (signal.aborted) return
      context.log.warn({ error: asRuntimeError(error, context.socketPath).message }, 'event stream of Docker broke off')
    }
    await context.clock.sleep(delay, signal).catch(() => undefined)
    delay = Math.min(delay * 2, longestDelay)
  }
}

/** An event of a container as `docker events --format '{{json .}}'` tells it, as far as it is read here. */
export interface DockerEvent {
  readonly Action: string
  readonly timeNano: number
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> }
}

const nameOf = ({ Actor: { Attributes: of } }: DockerEvent): string =>
  `${of['io.kubernetes.pod.name'] ?? ''}/${of['io.kubernetes.container.name'] ?? ''}`
const keyOf = (event: DockerEvent): string =>
  `${event.Actor.Attributes['io.kubernetes.pod.uid'] ?? ''} ${nameOf(event)}`

/** What ran beside another instance of itself: of each container, and each sandbox, of a Pod one runs at a time. */
export function ranTwice(events: readonly DockerEvent[]): string[] {
  const running = new Map<string, Set<string>>()
  const found: string[] = []
  for (const event of events) {
    const now = running.get(keyOf(event)) ?? new Set()
    running.set(keyOf(event), now)
    if (event.Action === 'die') now.delete(event.Actor.ID)
    if (event.Action !== 'start') continue
    now.add(event.Actor.ID)
    if (now.size > 1) found.push(`${nameOf(event)} runs ${String(now.size)} times`)
  }
  return found
}

/** How often each container of a Pod was started, by its name. */
export function starts(events: readonly DockerEvent[], podUid: string): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { Action, Actor } of events) {
    if (Action !== 'start' || Actor.Attributes['io.kubernetes.pod.uid'] !== podUid) continue
    const name = Actor.Attributes['io.kubernetes.container.name'] ?? ''
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return Object.fromEntries(counts)
}

/** Seconds from the first SIGTERM to the end of a Pod's container; undefined when there was none. */
export function secondsToEnd(events: readonly DockerEvent[], podUid: string, container: string): number | undefined {
  const own = events.filter(({ Actor: { Attributes: of } }) => {
    return of['io.kubernetes.pod.uid'] === podUid && of['io.kubernetes.container.name'] === container
  })
  const told = own.find((event) => event.Action === 'kill' && event.Actor.Attributes['signal'] === '15')
  const ended = own.findLast((event) => event.Action === 'die')
  return told && ended ? (ended.timeNano - told.timeNano) / 1e9 : undefined
}

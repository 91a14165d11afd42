import type { Event as CoreEvent } from '../../../types/core-v1.ts'
import type { Event } from '../../../types/events-v1.ts'

// pkg/apis/events/v1/conversion.go: the same fields under other names

/** An events.k8s.io/v1 Event as the core/v1 Event it is stored as. */
export function toCore(event: Event): CoreEvent {
  const { regarding, note, deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, ...others } = event
  const { deprecatedCount, reportingController, ...rest } = others
  return {
    ...rest,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    ...(note !== undefined && { message: note }),
    ...(deprecatedSource !== undefined && { source: deprecatedSource }),
    ...(deprecatedFirstTimestamp !== undefined && { firstTimestamp: deprecatedFirstTimestamp }),
    ...(deprecatedLastTimestamp !== undefined && { lastTimestamp: deprecatedLastTimestamp }),
    ...(deprecatedCount !== undefined && { count: deprecatedCount }),
    reportingComponent: reportingController ?? '',
    reportingInstance: event.reportingInstance ?? '',
  } as CoreEvent
}

/** A core/v1 Event as events.k8s.io/v1. */
export function fromCore(event: CoreEvent): Event {
  const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, reportingComponent, ...rest } = event
  return {
    ...rest,
    apiVersion: 'events.k8s.io/v1',
    ...(involvedObject && { regarding: involvedObject }),
    ...(message !== undefined && { note: message }),
    ...(source !== undefined && { deprecatedSource: source }),
    ...(firstTimestamp !== undefined && { deprecatedFirstTimestamp: firstTimestamp }),
    ...(lastTimestamp !== undefined && { deprecatedLastTimestamp: lastTimestamp }),
    ...(count !== undefined && { deprecatedCount: count }),
    ...(reportingComponent && { reportingController: reportingComponent }),
  } as Event
}

import type { Event } from '../../../types/core-v1.ts'

// pkg/registry/core/event/strategy.go ToSelectableFields
export const selectableFields: Readonly<Record<string, (event: Event) => string>> = {
  'involvedObject.kind': ({ involvedObject }) => involvedObject?.kind ?? '',
  'involvedObject.namespace': ({ involvedObject }) => involvedObject?.namespace ?? '',
  'involvedObject.name': ({ involvedObject }) => involvedObject?.name ?? '',
  'involvedObject.uid': ({ involvedObject }) => involvedObject?.uid ?? '',
  'involvedObject.apiVersion': ({ involvedObject }) => involvedObject?.apiVersion ?? '',
  'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject?.resourceVersion ?? '',
  'involvedObject.fieldPath': ({ involvedObject }) => involvedObject?.fieldPath ?? '',
  reason: (event) => event.reason ?? '',
  reportingComponent: (event) => event.reportingComponent ?? '',
  source: (event) => event.source?.component || event.reportingComponent || '',
  type: (event) => event.type ?? '',
}

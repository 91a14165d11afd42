import type { Plugin } from '../framework/plugin.ts'

/** Higher priority first, then who waits longer. */
// pkg/scheduler/framework/plugins/queuesort/priority_sort.go
export const prioritySort: Plugin = {
  name: 'PrioritySort',
  less: (a, b) =>
    a.info.priority > b.info.priority || (a.info.priority === b.info.priority && a.timestamp < b.timestamp),
}

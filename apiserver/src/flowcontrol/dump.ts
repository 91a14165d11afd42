import { formatGoDuration } from '@kubets/shared/machinery/schema/go-values.ts'
import type { Asked, Level, Levels } from './levels.ts'
import { distinguisherOf } from './match.ts'
import type { Ticket } from './queue-set.ts'

// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller_debug.go: three tables for people

/** A row a priority level. */
export function dumpPriorityLevels(levels: Levels): string {
  const rows = inOrder(levels).map((level) => {
    const { queues } = level
    const counts = levels.schemas.filter((schema) => schema.level === level).map((schema) => schema.counts)
    const sum = (of: (one: (typeof counts)[number]) => number): number =>
      counts.reduce((total, one) => total + of(one), 0)
    return [
      level.name,
      queues.state.queues.filter(({ waiting }) => waiting.length > 0).length,
      queues.waiting + queues.executing === 0,
      // a level that is gone is gone at once
      false,
      queues.waiting,
      queues.executing,
      sum(({ dispatched }) => dispatched),
      sum(({ rejected }) => rejected['queue-full'] + rejected['concurrency-limit']),
      sum(({ rejected }) => rejected['time-out']),
      sum(({ rejected }) => rejected.cancelled),
    ]
  })
  return table([levelColumns, ...rows])
}

const levelColumns = [
  'PriorityLevelName',
  'ActiveQueues',
  'IsIdle',
  'IsQuiescing',
  'WaitingRequests',
  'ExecutingRequests',
  'DispatchedRequests',
  'RejectedRequests',
  'TimedoutRequests',
  'CancelledRequests',
]

/** A row a queue. */
export function dumpQueues(levels: Levels): string {
  const rows = inOrder(levels).flatMap(({ name, queues }) =>
    queues.state.queues.map(({ waiting, executing, seatsInUse, nextDispatch, work }, index) => [
      name,
      index,
      waiting.length,
      executing.length,
      seatsInUse,
      seatSeconds(nextDispatch),
      waiting.reduce((sum, ticket) => sum + ticket.work.seats, 0),
      waiting.reduce((sum, ticket) => sum + Math.max(ticket.work.seats, ticket.work.finalSeats), 0),
      seatSeconds(work),
    ]),
  )
  return table([queueColumns, ...rows])
}

const queueColumns = [
  'PriorityLevelName',
  'Index',
  'PendingRequests',
  'ExecutingRequests',
  'SeatsInUse',
  'NextDispatchR',
  'InitialSeatsSum',
  'MaxSeatsSum',
  'TotalWorkSum',
]

// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/request/seat_seconds.go
const seatSeconds = (value: number): string => `${value.toFixed(8)}ss`

/** A row a request, with what it asks for when `details` is set; `beginning` is the wall clock's time when requests' time began. */
export function dumpRequests(levels: Levels, details: boolean, beginning: number): string {
  const rows = inOrder(levels).flatMap(({ name, queues: { state } }) => {
    const row = (queue: number, place: number, ticket: Ticket): (string | number)[] => {
      const asked = levels.asked(ticket)
      return [
        name,
        ...requestRow(queue, place, ticket, asked, beginning),
        ...(details && asked ? detailsOf(asked) : []),
      ]
    }
    return [
      ...state.queues.flatMap(({ waiting, executing }, queue) => [
        ...waiting.map((ticket, place) => row(queue, place, ticket)),
        ...executing.map((ticket) => row(queue, -1, ticket)),
      ]),
      ...state.queueless.map((ticket) => row(-1, -1, ticket)),
    ]
  })
  return table([[...requestColumns, ...(details ? detailColumns : [])], ...rows])
}

const requestColumns = [
  'PriorityLevelName',
  'FlowSchemaName',
  'QueueIndex',
  'RequestIndexInQueue',
  'FlowDistingsher',
  'ArriveTime',
  'InitialSeats',
  'FinalSeats',
  'AdditionalLatency',
  'StartTime',
]

function requestRow(
  queue: number,
  place: number,
  ticket: Ticket,
  asked: Asked | undefined,
  beginning: number,
): (string | number)[] {
  const { work, arrived, started, state } = ticket
  return [
    asked?.schema.name ?? '',
    queue,
    place,
    asked === undefined ? '' : distinguisherOf(asked.schema.object, asked.digest),
    goTime(beginning + arrived),
    work.seats,
    work.finalSeats,
    formatGoDuration(BigInt(work.finalMs) * 1_000_000n),
    state === 'waiting' ? '0001-01-01T00:00:00Z' : goTime(beginning + started),
  ]
}

/** RFC 3339 without zeros at the end of the fraction. */
const goTime = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.?0*Z$/, 'Z')

const detailColumns = ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource']

function detailsOf({ digest }: Asked): string[] {
  const { user, verb, path, namespace, name, apiGroup, apiVersion, resource, subresource } = digest
  const groupVersion = apiGroup === '' ? apiVersion : `${apiGroup}/${apiVersion}`
  return [user.name, verb, path, namespace, name, groupVersion, resource, subresource]
}

const inOrder = ({ levels }: Levels): Level[] => [...levels].sort((a, b) => (a.name < b.name ? -1 : 1))

/** Columns as Go's tabwriter aligns them: at least eight wide, a space after the longest cell; the last one is free. */
function table(rows: readonly (readonly (string | number | boolean)[])[]): string {
  const last = (rows[0]?.length ?? 0) - 1
  const texts = rows.map((row) => row.map((cell, column) => (column < last ? `${String(cell)},` : String(cell))))
  const widths = (texts[0] ?? []).map((_, column) =>
    texts.reduce((width, row) => Math.max(width, (row[column] ?? '').length + 1), 8),
  )
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column < last ? cell.padEnd(widths[column] ?? 0) : cell)).join('')
  return texts.map((row) => `${line(row)}\n`).join('')
}

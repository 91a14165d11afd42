import type { Work } from './queue-set.ts'

// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/request/config.go
const objectsPerSeat = 100
const watchesPerSeat = 10
const maximumSeats = 10
const eventMs = 5

export interface Subject {
  verb: string
  /** A list or watch of one object counts as a get. */
  name: string
  /** A watch that begins with what there is. */
  initialEvents: boolean
  /** Objects of the resource, and watchers of it. */
  objects: number
  watchers: number
}

const one: Work = { seats: 1, finalSeats: 0, finalMs: 0 }
const writing = new Set(['create', 'update', 'patch', 'delete'])

/** Watchers are going to hear of it. */
export const isWrite = ({ verb }: Subject): boolean => writing.has(verb)

/** What a request is going to take. `limit` is the most that one request of its level may have. */
// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/request/width.go
export function estimate(subject: Subject, limit: number): Work {
  const { verb, name, initialEvents, objects, watchers } = subject
  const most = Math.max(1, Math.min(maximumSeats, limit))
  if (verb === 'list' || (verb === 'watch' && initialEvents)) {
    return name === '' ? { ...one, seats: Math.min(Math.max(1, Math.ceil(objects / objectsPerSeat)), most) } : one
  }
  if (!isWrite(subject) || watchers < watchesPerSeat) return one
  // each event goes to everybody who watches: that work comes after the answer
  const finalSeats = Math.ceil(watchers / watchesPerSeat)
  const work = finalSeats * eventMs
  const seats = Math.min(finalSeats, most)
  return { seats: 1, finalSeats: seats, finalMs: Math.ceil(work / seats) }
}

// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/max_seats.go, apf_controller.go priorityLevelMaxSeatsPercent
export const seatsOfOne = (nominal: number): number => Math.max(1, Math.ceil(nominal * 0.15))

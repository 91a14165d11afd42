import type { ObjectReference, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { containerReference } from '../events.ts'
import { formatPod, specOf } from './model.ts'
import type { Waiting } from './sync.ts'

interface BackOffEvent {
  about: ObjectReference
  type: 'Normal' | 'Warning'
  reason: string
  message: string
}

type AllWaiting = ReadonlyMap<string, Waiting>

/** What is said of the containers that wait for their next start or pull, and did not before. */
// kuberuntime_manager.go doBackOff; images/image_manager.go pullImage, which leaves out what went wrong before
export function backOffEvents(pod: Pod, before: AllWaiting, waiting: AllWaiting): BackOffEvent[] {
  return [...waiting].flatMap(([name, { reason, message }]): BackOffEvent[] => {
    const container = specOf(pod, name)
    const last = before.get(name)
    if (!container || (last?.reason === reason && last.message === message)) return []
    const about = containerReference(pod, container)
    if (reason === 'CrashLoopBackOff') {
      const text = `Back-off restarting failed container ${name} in pod ${formatPod(pod)}`
      return [{ about, type: 'Warning', reason: 'BackOff', message: text }]
    }
    if (reason !== 'ImagePullBackOff') return []
    const [text = message] = message.split(': ErrImagePull: ', 1)
    return [
      { about, type: 'Normal', reason: 'BackOff', message: text },
      { about, type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' },
    ]
  })
}
